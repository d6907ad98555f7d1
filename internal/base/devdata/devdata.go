// Package devdata finds the development data: files of real projects that
// tests run over where they lie and that are never part of the repository.
package devdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir gives the folder of the development data: the environment's TOCSIN_DATA,
// else shared/data beside the root of the repository. It is "" where that
// folder does not exist; the test then logs that it had no data and returns,
// for a fresh clone has none. A TOCSIN_DATA that names no folder fails t: who
// set it wants the suites to run.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("TOCSIN_DATA"); dir != "" {
		if !folder(dir) {
			t.Fatalf("TOCSIN_DATA is %s, which is no folder", dir)
		}
		return dir
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := rootAbove(here)
	if root == "" {
		return ""
	}
	dir := filepath.Join(filepath.Dir(root), "shared", "data")
	if !folder(dir) {
		return ""
	}
	return dir
}

// rootAbove is the folder at or above dir that holds go.mod, "" when none does.
func rootAbove(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

func folder(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}
