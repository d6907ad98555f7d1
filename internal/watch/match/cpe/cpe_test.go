package cpe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/devdata"
	"tocsin/internal/watch/match/cpe"
)

func name(t *testing.T, s string) cpe.Name {
	t.Helper()
	n, err := cpe.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBothBindingsMeanTheSameName holds the examples of NISTIR 7695 §6.1.3.3 and
// §6.2.3.3.
func TestBothBindingsMeanTheSameName(t *testing.T) {
	for uri, formatted := range map[string]string{
		"cpe:/a:microsoft:internet_explorer:8.0.6001:beta":                       "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*",
		"cpe:/a:microsoft:internet_explorer:8.%2a:sp%3f":                         `cpe:2.3:a:microsoft:internet_explorer:8.\*:sp\?:*:*:*:*:*:*`,
		"cpe:/a:microsoft:internet_explorer:8.%02:sp%01":                         "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*",
		"cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~":        "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*",
		"cpe:/a:hp:openview_network_manager:7.51:-:~~~linux~~":                   "cpe:2.3:a:hp:openview_network_manager:7.51:-:*:*:*:linux:*:*",
		"cpe:/a:foo%5cbar:big%24money_manager_2010:::~~special~ipod_touch~80gb~": `cpe:2.3:a:foo\\bar:big\$money_manager_2010:*:*:*:*:special:ipod_touch:80gb:*`,
		"cpe:/o:fortinet:fortios:7.0.14":                                         "cpe:2.3:o:fortinet:fortios:7.0.14:*:*:*:*:*:*:*",
		"cpe:/h:d-link:dir-645":                                                  "cpe:2.3:h:d-link:dir-645:*:*:*:*:*:*:*:*",
	} {
		a, b := name(t, uri), name(t, formatted)
		if a != b {
			t.Errorf("%s is %q, %s is %q", uri, a, formatted, b)
		}
		if a.String() != formatted || b.URI() != uri {
			t.Errorf("bound again: %s and %s", a, b.URI())
		}
	}
}

func TestWhatIsNoNameIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "cpe:", "cpe:/", "cpe:2.3:a", "cpe:2.4:a:b:c:*:*:*:*:*:*:*:*", "cpe:2.3:z:b:c:*:*:*:*:*:*:*:*", "cpe:2.3::b:c:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:b:c:*:*:*:*:*:*:*", "cpe:2.3:a:b:c:*:*:*:*:*:*:*:*:*", "cpe:2.3:a:b*c:d:*:*:*:*:*:*:*:*", "cpe:2.3:a:b?c:d:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:**:d:*:*:*:*:*:*:*:*", `cpe:2.3:a:b:d\:*:*:*:*:*:*:*:*`, "cpe:2.3:a:b d:c:*:*:*:*:*:*:*:*", "cpe:/a:b:c:d:e:f:g:h",
		"cpe:/a:%99", "cpe:/a:%0", "cpe:/a:b*c", "cpe:/a:" + strings.Repeat("b", 3000), "fortios 7.0",
	} {
		if n, err := cpe.Parse(s); err == nil {
			t.Errorf("%q is read as %s", s, n)
		}
	}
}

func TestALiteralIsWhatPeopleRead(t *testing.T) {
	n := name(t, `cpe:2.3:a:foo\\bar:big\$money_2010:8.*:*:-:*:*:*:*:*`)
	for a, want := range map[cpe.Attribute]string{cpe.Vendor: "foo\x00bar", cpe.Product: "big$money_2010", cpe.Version: "", cpe.Update: "", cpe.Edition: ""} {
		if got := n[a].Literal(); got != want {
			t.Errorf("attribute %d is %q, want %q", a, got, want)
		}
	}
	if got := cpe.Quote("Web Help-Desk (SP 1)"); got != `web_help\-desk_\(sp_1\)` {
		t.Errorf("quoted: %s", got)
	}
}

func TestAnAdvisorysNameConcernsAProductWhateverItsVersion(t *testing.T) {
	source := name(t, "cpe:2.3:o:fortinet:fortios:*:*:*:*:*:*:*:*")
	installed := name(t, "cpe:2.3:o:fortinet:fortios:7.0.14:*:*:*:*:*:*:*")
	other := name(t, "cpe:2.3:a:fortinet:fortiproxy:7.0.14:*:*:*:*:*:*:*")
	narrow := name(t, "cpe:2.3:o:fortinet:fortios:7.2.0:*:*:*:*:*:*:*")
	if !cpe.Concerns(source, installed) || cpe.Concerns(source, other) || cpe.Concerns(narrow, installed) || !cpe.Concerns(narrow, installed, cpe.Version) {
		t.Error("a name concerns what it should not, or not what it should")
	}
}

// TestRelationsMirror: the source's relation to the target is the mirror of the
// target's to the source, where neither has wildcards.
func TestRelationsMirror(t *testing.T) {
	value := rapid.SampledFrom([]cpe.Value{cpe.Any, cpe.NA, "a", "b", `1\.0`})
	draw := rapid.Custom(func(t *rapid.T) cpe.Name {
		n := cpe.Name{"a"}
		for i := 1; i < 5; i++ {
			n[i] = value.Draw(t, "value")
		}
		return n
	})
	mirror := map[cpe.Relation]cpe.Relation{
		cpe.Equal: cpe.Equal, cpe.Disjoint: cpe.Disjoint, cpe.Subset: cpe.Superset, cpe.Superset: cpe.Subset, cpe.Undefined: cpe.Undefined,
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		if there, back := cpe.Compare(a, b), cpe.Compare(b, a); mirror[there] != back {
			t.Fatalf("%s beside %s is %s, the other way %s", a, b, there, back)
		}
		if cpe.Compare(a, a) != cpe.Equal {
			t.Fatalf("%s is not itself", a)
		}
		if again, err := cpe.Parse(a.String()); err != nil || again != a {
			t.Fatalf("%s is read back as %s (%v)", a, again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~")
	f.Add(`cpe:2.3:a:2glux*:??com_sexypolling??:0.9.1:-:-:*:-:joomla\!:*:*`)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := cpe.Parse(s)
		if err != nil {
			return
		}
		again, err := cpe.Parse(n.String())
		if err != nil || again != n {
			t.Fatalf("%q is %q, read back as %q (%v)", s, n, again, err)
		}
		if n[cpe.Part] == cpe.Any || n[cpe.Part] == cpe.NA {
			return
		}
		if again, err := cpe.Parse(n.URI()); err != nil || again != n {
			t.Fatalf("%q is %s, read back as %q (%v)", s, n.URI(), again, err)
		}
	})
}

// TestTheVectorsOfGoCPE reads the tables out of the tests of knqyf263/go-cpe,
// which lie as text among the development data.
func TestTheVectorsOfGoCPE(t *testing.T) {
	dir := devdata.Dir(t)
	if dir == "" {
		t.Log("no development data")
		return
	}
	shown := 0
	for _, v := range vectors(t, filepath.Join(dir, "vuln", "cpe", "go-cpe_cpe_name_unbinder_test.go.txt"), "TestUnbindURI", "TestUnbindFS") {
		shown++
		text := v.text["s"]
		if text == `cpe:2.3:a:foo\$bar:insight:7.4.0.1570:-:*:*:online:win2003:x64:*` || strings.HasPrefix(text, `cpe:2.3:a:foo\$bar`) {
			continue // an error for who asks for a URI; Parse reads both bindings
		}
		got, err := cpe.Parse(text)
		if _, wantErr := v.names["wantErr"]; wantErr {
			if err == nil {
				t.Errorf("%q is read as %s", text, got)
			}
			continue
		}
		if want := v.names["expected"]; err != nil || got != want {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
	for i, v := range vectors(t, filepath.Join(dir, "vuln", "cpe", "go-cpe_cpe_name_matcher_test.go.txt"), "TestMatcher") {
		shown++
		got := cpe.Compare(v.names["wfn"], v.names["wfn2"])
		want := map[string]bool{
			"expectedIsDisjoint": got == cpe.Disjoint, "expectedIsEqual": got == cpe.Equal,
			"expectedIsSubset": got == cpe.Subset || got == cpe.Equal, "expectedIsSuperset": got == cpe.Superset || got == cpe.Equal,
		}
		for key, is := range want {
			if v.flags[key] != is {
				t.Errorf("vector %d, %s: %q beside %q is %s", i, key, v.names["wfn"], v.names["wfn2"], got)
			}
		}
	}
	if shown < 40 {
		t.Errorf("only %d vectors were read", shown)
	}
	t.Logf("%d vectors", shown)
}

type vector struct {
	text  map[string]string
	flags map[string]bool
	names map[string]cpe.Name
}

// vectors reads the table "vectors" of each function.
func vectors(t *testing.T, file string, functions ...string) []vector {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !slices.Contains(functions, f.Name.Name) {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || lit.Type != nil {
				return true
			}
			v := vector{map[string]string{}, map[string]bool{}, map[string]cpe.Name{}}
			for _, e := range lit.Elts {
				kv := e.(*ast.KeyValueExpr)
				key := kv.Key.(*ast.Ident).Name
				switch x := kv.Value.(type) {
				case *ast.BasicLit:
					v.text[key], _ = strconv.Unquote(x.Value)
				case *ast.Ident:
					v.flags[key] = x.Name == "true"
				case *ast.SelectorExpr:
					v.names[key] = cpe.Name{}
				case *ast.CompositeLit:
					v.names[key] = wellFormed(x)
				}
			}
			all = append(all, v)
			return false
		})
	}
	return all
}

func wellFormed(lit *ast.CompositeLit) cpe.Name {
	attributes := []string{"part", "vendor", "product", "version", "update", "edition", "language", "sw_edition", "target_sw", "target_hw", "other"}
	var n cpe.Name
	for _, e := range lit.Elts {
		kv := e.(*ast.KeyValueExpr)
		key, _ := strconv.Unquote(kv.Key.(*ast.BasicLit).Value)
		for i, a := range attributes {
			if a != key {
				continue
			}
			switch x := kv.Value.(type) {
			case *ast.BasicLit:
				text, _ := strconv.Unquote(x.Value)
				n[i] = cpe.Value(text)
			case *ast.Ident:
				if x.Name == "na" {
					n[i] = cpe.NA
				}
			}
		}
	}
	return n
}
