package devdata_test

import (
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/base/devdata"
)

func tree(t *testing.T, folders ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "repo", "go.mod"), []byte("module x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOCSIN_DATA", "")
	t.Chdir(filepath.Join(root, "repo", "a", "b"))
	return root
}

func TestTheDataLieBesideTheRepository(t *testing.T) {
	root := tree(t, "repo/a/b", "shared/data")
	if got, want := devdata.Dir(t), filepath.Join(root, "shared", "data"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFreshCloneHasNoData(t *testing.T) {
	tree(t, "repo/a/b")
	if got := devdata.Dir(t); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestTheEnvironmentGoesFirst(t *testing.T) {
	root := tree(t, "repo/a/b", "shared/data", "elsewhere")
	t.Setenv("TOCSIN_DATA", filepath.Join(root, "elsewhere"))
	if got, want := devdata.Dir(t), filepath.Join(root, "elsewhere"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
