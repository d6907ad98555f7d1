package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/face/cli"
)

// root is the top of the repository, from this package's folder.
const root = "../.."

// documents are all texts that speak about the code, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(raw)
		}
	}
	return texts
}

// A link leads to a file that is there and, behind #, to what that file declares
// (Go) or to one of its headings (Markdown).
func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	links := 0
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, symbol, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			links++
			path := filepath.Join(root, filepath.Dir(name), target)
			if target == "" {
				path = filepath.Join(root, name)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %s: no such file", name, m[1])
				continue
			}
			switch {
			case symbol == "":
			case strings.HasSuffix(path, ".go"):
				if !slices.Contains(declared(t, path), symbol) {
					t.Errorf("%s: %s: the file does not declare %s", name, m[1], symbol)
				}
			case strings.HasSuffix(path, ".md"):
				if !slices.Contains(headings(t, path), symbol) {
					t.Errorf("%s: %s: no such heading", name, m[1])
				}
			default:
				t.Errorf("%s: %s: a symbol of a file that has none", name, m[1])
			}
		}
	}
	if links < 100 {
		t.Fatalf("only %d links looked at: the test does not see the documents", links)
	}
}

// declared are the names that a Go file declares: F, T, T.Method, exported or
// not.
func declared(t *testing.T, path string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, receiver(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}

// headings are the anchors that a Markdown file's headings have on the web.
func headings(t *testing.T, path string) (anchors []string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	punctuation := regexp.MustCompile(`[^\p{L}\p{N} -]`)
	for line := range strings.Lines(string(raw)) {
		if text := strings.TrimLeft(line, "#"); text != line && strings.HasPrefix(text, " ") {
			plain := punctuation.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "")
			anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
		}
	}
	return anchors
}

// Whatever a document calls is a command with flags that it has: the command
// line's own help answers for each. Calls stand in code, `tocsin …`, or are lines
// of a block.
func TestEveryCommandOfTheDocumentsExists(t *testing.T) {
	checked := 0
	for name, text := range documents(t) {
		for _, call := range calls(text) {
			checked++
			if code, _ := helped(t, call); code != 0 {
				t.Errorf("%s: tocsin %s: no such command or flag", name, strings.Join(call, " "))
			}
		}
	}
	if checked < 30 {
		t.Fatalf("only %d commands looked at: the test does not see the documents", checked)
	}
	for _, wrong := range [][]string{{"finding", "burn"}, {"serve", "--no-such-flag"}, {"nothing"}} {
		if code, _ := helped(t, wrong); code == 0 {
			t.Errorf("tocsin %s: the test takes it for a command", strings.Join(wrong, " "))
		}
	}
}

// calls are the arguments of the calls of tocsin in a text.
func calls(text string) (all [][]string) {
	inline := regexp.MustCompile("`((?:bin/)?tocsin [^`]+)`")
	block := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			block = !block
			continue
		}
		spans := []string{line}
		if !block {
			spans = nil
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				spans = append(spans, m[1])
			}
		}
		for _, s := range spans {
			if call := call(s); call != nil {
				all = append(all, call)
			}
		}
	}
	return all
}

// call is what stands behind the program in a line of shell, up to what the shell
// keeps for itself; nil when the line calls something else.
func call(line string) []string {
	word := regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
	words := word.FindAllString(line, -1)
	at := slices.IndexFunc(words, func(w string) bool { return w == "tocsin" || strings.HasSuffix(w, "/tocsin") })
	if at < 0 {
		return nil
	}
	for _, before := range words[:at] { // sudo -u tocsin tocsin …, NAME=VALUE tocsin …
		if before != "sudo" && before != "-u" && !strings.Contains(before, "=") {
			return nil
		}
	}
	words = words[at+1:]
	if len(words) > 0 && strings.HasSuffix(words[0], "/tocsin") || len(words) > 0 && words[0] == "tocsin" {
		words = words[1:]
	}
	end := slices.IndexFunc(words, func(w string) bool {
		return slices.Contains([]string{"|", ">", "2>", ">>", "<", "<<", "&&", ";", "#", "&", "\\"}, w)
	})
	if end >= 0 {
		words = words[:end]
	}
	for i, w := range words {
		words[i] = strings.Trim(w, `'"`)
	}
	if len(words) == 0 || strings.Contains(words[0], "…") {
		return nil
	}
	return words
}

// helped asks the command line for the help of a call: its exit code and text.
func helped(t *testing.T, call []string) (int, string) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string)
	go func() {
		text, _ := io.ReadAll(read)
		said <- string(text)
	}()
	out, faults := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	code := cli.Run(append(slices.Clone(call), "--help"), cli.Hooks{})
	os.Stdout, os.Stderr = out, faults
	_ = write.Close()
	return code, <-said
}

// OPERATIONS has a row for every setting of the server, with its name in the
// environment.
func TestOperationsNamesEverySetting(t *testing.T) {
	text := documents(t)["docs/OPERATIONS.md"]
	_, help := helped(t, []string{"serve"})
	settings := regexp.MustCompile(`(?m)^\s+(--[a-z-]+)\S*.*?\(\$(TOCSIN_[A-Z_]+)\)`).FindAllStringSubmatch(help, -1)
	if len(settings) < 10 {
		t.Fatalf("only %d settings in the help of serve:\n%s", len(settings), help)
	}
	for _, s := range settings {
		row := regexp.MustCompile(`(?m)^\| .*` + "`" + s[1] + "[ `]" + `.*` + s[2] + `\b`)
		if !row.MatchString(text) {
			t.Errorf("OPERATIONS has no row for %s and %s", s[1], s[2])
		}
	}
}

// The table of floors in ARCHITECTURE is the one that imports are held to, and
// names the rooms that are there.
func TestArchitectureShowsTheTableOfImports(t *testing.T) {
	text := documents(t)["docs/ARCHITECTURE.md"]
	row := regexp.MustCompile("(?m)^\\| ([0-9]) \\| `(internal/[a-z]+)` \\| (.*) \\|$")
	rows := row.FindAllStringSubmatch(text, -1)
	if len(rows) != len(floors()) {
		t.Fatalf("the table has %d floors, the test of imports %d", len(rows), len(floors()))
	}
	for n, wings := range floors() {
		if rows[n][1] != fmt.Sprint(n) || !slices.Equal(wings, []string{rows[n][2]}) {
			t.Errorf("floor %s is %s, the test of imports has %v on floor %d", rows[n][1], rows[n][2], wings, n)
		}
		var named []string
		for _, m := range regexp.MustCompile("`([a-z0-9]+)`").FindAllStringSubmatch(rows[n][3], -1) {
			named = append(named, m[1])
		}
		if wings[0] == "internal/watch" && !slices.Equal(named, line()) {
			t.Errorf("the line is %v, the test of imports has %v", named, line())
		}
		slices.Sort(named)
		if there := folders(t, filepath.Join(root, wings[0])); !slices.Equal(named, there) {
			t.Errorf("%s has the rooms %v, the table names %v", wings[0], there, named)
		}
	}
}

// folders are the folders of Go code in a folder, none when it is not there.
func folders(t *testing.T, path string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if code, _ := filepath.Glob(filepath.Join(path, e.Name(), "*.go")); len(code) > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}
