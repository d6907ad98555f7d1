package app_test

import (
	"os/exec"
	"strings"
	"testing"
)

// floors are the wings from the ground up. A package may import those of lower
// floors; within watch, only what stands before it in the main line.
func floors() [][]string {
	return [][]string{
		{"internal/base"},
		{"internal/city"},
		{"internal/watch"},
		{"internal/govern"},
		{"internal/face"},
		{"internal/app"},
	}
}

// line is the main line within watch: a later room may name an earlier one.
// A room's subpackages stand with it.
func line() []string {
	return []string{"intake", "intel", "match", "finding", "warning", "bulletin", "deliver"}
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "tocsin/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	checked := 0
	for text := range strings.Lines(string(out)) {
		words := strings.Fields(text)
		from := strings.TrimPrefix(words[0], "tocsin/")
		for _, to := range words[1:] {
			to, ours := strings.CutPrefix(to, "tocsin/")
			if !ours {
				continue
			}
			checked++
			if floor(to) > floor(from) {
				t.Errorf("%s (floor %d) imports %s (floor %d)", from, floor(from), to, floor(to))
			}
			if a, b := room(from), room(to); a >= 0 && b > a {
				t.Errorf("%s imports %s, which comes later in the main line", from, to)
			}
		}
	}
	if checked < 50 {
		t.Fatalf("only %d imports looked at: the test does not see the tree", checked)
	}
}

// floor is the floor of a package; main stands on the roof.
func floor(path string) int {
	for n, wings := range floors() {
		for _, w := range wings {
			if path == w || strings.HasPrefix(path, w+"/") {
				return n
			}
		}
	}
	return len(floors())
}

func room(path string) int {
	rest, ok := strings.CutPrefix(path, "internal/watch/")
	if !ok {
		return -1
	}
	name, _, _ := strings.Cut(rest, "/")
	for n, r := range line() {
		if r == name {
			return n
		}
	}
	return -1
}

// Nothing imports a face but the app, and watch never reads govern (which the
// floors say already); base knows nothing of the city.
func TestNothingImportsAFaceButTheApp(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "tocsin/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for text := range strings.Lines(string(out)) {
		words := strings.Fields(text)
		from := strings.TrimPrefix(words[0], "tocsin/")
		if strings.HasPrefix(from, "internal/face") || strings.HasPrefix(from, "internal/app") || from == "tocsin" {
			continue
		}
		for _, to := range words[1:] {
			if strings.HasPrefix(to, "tocsin/internal/face") {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
}
