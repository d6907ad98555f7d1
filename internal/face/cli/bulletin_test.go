package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestABulletinIsWrittenAndTakenBackFromTheCommandLine(t *testing.T) {
	admin, _ := open(t)
	admin.furnish()
	admin.weak()
	file := filepath.Join(admin.dir, "bulletin.json")
	text := `{"tlp":"green","severity":"high","vi":{"title":"Lỗ hổng","summary":"Tóm tắt","todo":"Cập nhật"},"en":{"title":"Flaw","summary":"Summary","todo":"Update"},
		"products":[{"vendor":"Example Soft","name":"Gate Manager"}],"audience":{"concerned":true,"public":false}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	type thing struct {
		ID, State, Title string
		Version          int
		Told             int
	}
	var b thing
	if admin.run("bulletin", "write", file, "--json").into(t, 0, &b); b.State != "draft" || b.Title != "Lỗ hổng" {
		t.Fatalf("written: %+v", b)
	}
	if admin.run("bulletin", "write", file, "--bulletin="+b.ID, "--json").into(t, 0, &b); b.Version != 2 {
		t.Errorf("written anew: %+v", b)
	}
	var reach thing
	if admin.run("bulletin", "audience", b.ID, "--json").into(t, 0, &reach); reach.Told != 2 {
		t.Errorf("audience: %+v", reach)
	}
	if admin.run("bulletin", "submit", b.ID, "--json").into(t, 0, &b); b.State != "submitted" {
		t.Errorf("submitted: %+v", b)
	}
	var list []thing
	if admin.run("bulletin", "list", "--state=submitted", "--text=flaw", "--json").into(t, 0, &list); len(list) != 1 {
		t.Errorf("list: %+v", list)
	}
	for code, calls := range map[int][][]string{
		2: {{"bulletin", "withdraw", b.ID}},
		3: {{"bulletin", "show", "B99"}, {"bulletin", "show", "TT-2026-001"}},
		4: {{"bulletin", "approve", b.ID}},
		5: {{"bulletin", "write", file + ".none"}},
		6: {{"bulletin", "publish", b.ID}},
	} {
		for _, args := range calls {
			if o := admin.run(args...); o.code != code {
				t.Errorf("%v: exit %d, want %d: %s", args, o.code, code, o.err)
			}
		}
	}
	if admin.run("bulletin", "return", b.ID, "--reason=a word", "--json").into(t, 0, &b); b.State != "draft" {
		t.Errorf("returned: %+v", b)
	}
	if admin.run("bulletin", "withdraw", b.ID, "--reason=not needed", "--json").into(t, 0, &b); b.State != "withdrawn" {
		t.Errorf("withdrawn: %+v", b)
	}
	if o := admin.run("bulletin", "show", b.ID); o.code != 0 {
		t.Errorf("show: %+v", o)
	}
}
