package bulletin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/csaf"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning/warningtest"
)

const base = "https://centre.example"

// holders say who has what: an organisation's code by the product's name.
type holders struct {
	estate *estate.Room
	has    map[string][]string
}

func (h *holders) Holders(_ context.Context, a *advisory.Advisory) (out []finding.Holder, err error) {
	for _, p := range a.Products {
		for _, code := range h.has[p.Name] {
			id, err := h.estate.ByCode(code)
			if err != nil {
				return nil, err
			}
			out = append(out, finding.Holder{Organisation: id, Vendor: p.Vendor, Product: p.Name, Versions: []string{"1.2"}, Machines: 3, Confirmed: true})
		}
	}
	return out, nil
}

type world map[int64]intel.Advisory

func (w world) Load(_ *db.Tx, numbers []int64) (out []intel.Advisory, err error) {
	for _, n := range numbers {
		if a, ok := w[n]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

func (w world) Vulnerabilities(_ *db.Tx, cves []string) (map[string]intel.Vulnerability, error) {
	out := map[string]intel.Vulnerability{}
	for _, cve := range cves {
		out[cve] = intel.Vulnerability{CVE: cve, KEVAdded: "2026-11-01"}
	}
	return out, nil
}

type centre struct {
	*warningtest.World
	t       testing.TB
	room    *bulletin.Room
	holders *holders
	intel   world
	ids     map[string]int64
}

func person(role auth.Role, email string, scope auth.Scope) auth.Actor {
	return auth.Actor{ID: int64(len(email)), Email: email, Role: role, Scope: scope, Via: auth.ViaSession}
}

func lan() auth.Actor  { return person(auth.Analyst, "lan@centre.example", auth.All()) }
func minh() auth.Actor { return person(auth.Analyst, "minh.n@centre.example", auth.All()) }

// open is a city of three wards and a school, of which a ward has the product
// "Portal" and one ward has no contact.
func open(t testing.TB, d *db.DB) *centre {
	t.Helper()
	w := warningtest.New(t, d)
	if err := w.Texts.Add(bulletin.Texts); err != nil {
		t.Fatal(err)
	}
	e := estate.New(estate.Deps{DB: d, Journal: w.Journal, Clock: w.Clock})
	c := &centre{World: w, t: t, holders: &holders{estate: e, has: map[string][]string{"Portal": {"PX-A"}}}, intel: world{}, ids: map[string]int64{}}
	for _, o := range []estate.Organisation{
		{Code: "TP", NameVI: "Thành phố", Kind: "city", Tier: "city"},
		{Code: "PX-A", NameVI: "Phường A", NameEN: "Ward A", Kind: "ward", Tier: "city", Parent: "TP"},
		{Code: "PX-B", NameVI: "Phường B", Kind: "ward", Tier: "city", Parent: "TP"},
		{Code: "PX-C", NameVI: "Phường C", Kind: "ward", Tier: "city", Parent: "TP"},
		{Code: "TH", NameVI: "Trường", Kind: "public_unit", Tier: "city", Parent: "TP", Sector: "education"},
	} {
		if _, err := e.PutOrganisation(t.Context(), lan(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"TP", "PX-A", "PX-B", "PX-C", "TH"} {
		id, err := e.ByCode(code)
		if err != nil {
			t.Fatal(err)
		}
		c.ids[code] = id
		var contacts []string
		if code != "PX-C" {
			contacts = []string{"1 " + strings.ToLower(code) + "@px.example"}
		}
		w.Body(id, 0, contacts...)
	}
	c.room = bulletin.New(bulletin.Deps{
		DB: d, Journal: w.Journal, Clock: w.Clock, Texts: w.Texts, Intel: c.intel, Findings: c.holders, Warnings: w.Room, Estate: e,
		Settings: bulletin.Settings{PublicURL: func() string { return base }, Contact: "mailto:csirt@centre.example", Name: "Trung tâm ATTT"},
	})
	return c
}

func schema() []db.Migration {
	return slices.Concat(warningtest.Schema(), estate.Schema(), bulletin.Schema())
}

func content(marking tlp.Marking, public bool) bulletin.Content {
	return bulletin.Content{
		TLP: marking, Severity: row.High,
		VI:       bulletin.Wording{Title: "Lỗ hổng Portal", Summary: "Kẻ tấn công chiếm được máy chủ.", Todo: "Cập nhật lên 2.0.\nKiểm tra nhật ký."},
		EN:       bulletin.Wording{Title: "Weakness of Portal", Summary: "Attackers take the server over.", Todo: "Update to 2.0.\nRead the logs."},
		Products: []bulletin.Product{{Vendor: "Acme", Name: "Portal", Versions: ">= 1.0, < 2.0", Fixed: "2.0", CPE: "cpe:2.3:a:acme:portal:*:*:*:*:*:*:*:*"}},
		CVEs:     []string{"CVE-2026-12345"}, References: []string{"https://acme.example/advisory"},
		Audience: bulletin.Audience{Concerned: true, Public: public},
	}
}

func (c *centre) must(b bulletin.Bulletin, err error) bulletin.Bulletin {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%v %v", err, errs.PlacesOf(err))
	}
	return b
}

// out is a bulletin that lan wrote, minh approved and lan published.
func (c *centre) out(text bulletin.Content) bulletin.Bulletin {
	c.t.Helper()
	ctx := c.t.Context()
	b := c.must(c.room.Write(ctx, lan(), text))
	c.must(c.room.Submit(ctx, lan(), b.ID.String(), b.Version))
	c.must(c.room.Approve(ctx, minh(), b.ID.String(), 0))
	return c.must(c.room.Publish(ctx, lan(), b.ID.String(), 0))
}

func (c *centre) file(path string) string {
	c.t.Helper()
	f, err := c.room.Provide(c.t.Context(), path, "")
	if err != nil {
		c.t.Fatalf("%s: %v", path, err)
	}
	return string(f.Body)
}

func (c *centre) told() (list []string) {
	c.t.Helper()
	for _, e := range c.Entries(bulletin.VerbTold) {
		var told bulletin.Told
		if err := json.Unmarshal(e.Body, &told); err != nil {
			c.t.Fatal(err)
		}
		for _, to := range told.To {
			mark := ""
			if to.Notice {
				mark = " (notice)"
			}
			list = append(list, fmt.Sprintf("%s/%d %s%s", strings.TrimPrefix(string(told.Telling), "bulletin."), told.Revision, to.Email, mark))
		}
	}
	return list
}

func each(t *testing.T, suite func(t *testing.T, c *centre)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { suite(t, open(t, d)) }, schema()...)
}

func TestASecondPersonApprovesAndTheAuthorNever(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		ctx := t.Context()
		admin := person(auth.Admin, "admin@centre.example", auth.All())
		b := c.must(c.room.Write(ctx, admin, content(tlp.Amber, false)))
		name := b.ID.String()
		if _, err := c.room.Approve(ctx, minh(), name, 0); !errs.Is(err, errs.Conflict) {
			t.Errorf("a draft is approved: %v", err)
		}
		c.must(c.room.Submit(ctx, admin, name, b.Version))
		_, err := c.room.Approve(ctx, admin, name, 0)
		if !errs.Is(err, errs.Denied) || !strings.Contains(err.Error(), "second person") {
			t.Errorf("an admin approves alone: %v", err)
		}
		if _, err := c.room.Approve(ctx, auth.Stage("bulletin"), name, 0); !errs.Is(err, errs.Denied) {
			t.Errorf("a stage approves: %v", err)
		}
		if _, err := c.room.Publish(ctx, admin, name, 0); !errs.Is(err, errs.Conflict) {
			t.Errorf("it goes out without approval: %v", err)
		}
		// Whoever changed a word has written it.
		c.must(c.room.Return(ctx, minh(), name, 0, "một chữ sai"))
		text := content(tlp.Amber, false)
		text.VI.Title = "Lỗ hổng của Portal"
		b = c.must(c.room.Edit(ctx, minh(), name, 0, text))
		c.must(c.room.Submit(ctx, admin, name, b.Version))
		if _, err := c.room.Approve(ctx, minh(), name, 0); !errs.Is(err, errs.Denied) {
			t.Errorf("an editor approves: %v", err)
		}
		supervisor := person(auth.Supervisor, "so@tp.example", auth.All())
		if _, err := c.room.Approve(ctx, supervisor, name, 1); !errs.Is(err, errs.Conflict) {
			t.Errorf("a text is approved that has changed meanwhile: %v", err)
		}
		c.must(c.room.Approve(ctx, supervisor, name, 0))
		b = c.must(c.room.Publish(ctx, admin, name, 0))
		if b.Number != "TT-2026-001" || b.State != bulletin.Published {
			t.Errorf("%s is %s", b.Number, b.State)
		}
		if got := c.told(); !slices.Equal(got, []string{"issued/1 px-a@px.example"}) {
			t.Errorf("told %v", got)
		}
	})
}

// TestALifeIsKept lets people do anything in any order: nothing goes out that a
// second person has not approved as it is, what ended does not begin again, and
// every record is as its last entry left it.
func TestALifeIsKept(t *testing.T) {
	c := open(t, dbtest.SQLite(t, schema()...))
	ctx := t.Context()
	people := []auth.Actor{
		lan(), minh(), person(auth.Admin, "admin@centre.example", auth.All()), person(auth.Supervisor, "so@tp.example", auth.All()),
		person(auth.Officer, "officer@px.example", auth.Only(c.ids["PX-A"])), person(auth.Auditor, "auditor@tp.example", auth.All()),
	}
	rapid.Check(t, func(rt *rapid.T) {
		b, err := c.room.Write(ctx, lan(), content(tlp.Clear, true))
		if err != nil {
			rt.Fatal(err)
		}
		name := b.ID.String()
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			act := rapid.SampledFrom(bulletin.Acts()).Draw(rt, "act")
			var after bulletin.Bulletin
			switch act {
			case bulletin.ActWrite:
				text := content(tlp.Clear, true)
				text.EN.Title = rapid.StringMatching(`[a-z]{5}`).Draw(rt, "title")
				text.VI.Change, text.EN.Change = "mới", "new"
				after, err = c.room.Edit(ctx, who, name, b.Version, text)
			case bulletin.ActSubmit:
				after, err = c.room.Submit(ctx, who, name, 0)
			case bulletin.ActReturn:
				after, err = c.room.Return(ctx, who, name, 0, "vì sao")
			case bulletin.ActApprove:
				after, err = c.room.Approve(ctx, who, name, 0)
			case bulletin.ActPublish:
				after, err = c.room.Publish(ctx, who, name, 0)
			case bulletin.ActRevise:
				after, err = c.room.Revise(ctx, who, name)
			case bulletin.ActWithdraw:
				after, err = c.room.Withdraw(ctx, who, name, "vì sao")
			}
			if err != nil {
				continue
			}
			if who.Role == auth.Officer || who.Role == auth.Auditor {
				rt.Fatalf("%s may %s", who.Role, act)
			}
			if b.State == bulletin.Withdrawn {
				rt.Fatalf("%s moved a withdrawn one", act)
			}
			if act == bulletin.ActApprove && slices.Contains(after.Authors, who.Email) {
				rt.Fatalf("%s wrote it and approves it", who.Email)
			}
			if act == bulletin.ActPublish {
				if b.State != bulletin.Approved || b.By.Approved == "" || slices.Contains(b.Authors, b.By.Approved) {
					rt.Fatalf("it goes out with %+v", b)
				}
				if after.Content.EN.Title != b.Content.EN.Title {
					rt.Fatal("another text goes out than was approved")
				}
			}
			if after.Version != b.Version+1 {
				rt.Fatalf("%s made version %d of %d", act, after.Version, b.Version)
			}
			b = after
		}
		c.audited(rt)
	})
}

// audited compares every record with its last entry.
func (c *centre) audited(t interface{ Fatalf(string, ...any) }) {
	private, public, err := journal.NewKey("tocsin.example")
	if err != nil {
		t.Fatalf("%v", err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		t.Fatalf("%v", err)
	}
	v, err := journal.Verify(c.t.Context(), c.DB, seal, bulletin.Audits(), "")
	if err != nil || !v.OK || v.Records == 0 {
		t.Fatalf("verify: %+v, %v", v, err)
	}
}

func TestWhoGetsItIsSeenBeforeItIsApproved(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		text := content(tlp.Amber, false)
		text.Audience.Kinds, text.Audience.Organisations = []string{"ward"}, []string{"TH"}
		b := c.must(c.room.Write(t.Context(), lan(), text))
		p, err := c.room.Preview(t.Context(), minh(), b.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Recipients {
			got = append(got, fmt.Sprintf("%s %s class=%v listed=%v products=%d to=%d withheld=%d deaf=%v", r.Code, r.Relation, r.Class, r.Listed, len(r.Products), len(r.To), len(r.Withheld), r.Deaf))
		}
		// TLP:AMBER goes to those it concerns; to others of the class it does not.
		want := []string{
			"PX-A concerned class=true listed=false products=1 to=1 withheld=0 deaf=false",
			"PX-B client class=true listed=false products=0 to=0 withheld=1 deaf=false",
			"PX-C client class=true listed=false products=0 to=0 withheld=0 deaf=true",
			"TH client class=false listed=true products=0 to=0 withheld=1 deaf=false",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s", strings.Join(got, "\n"))
		}
		if p.Told != 1 || p.KeptBack != 2 || p.Deaf != 1 {
			t.Errorf("%+v", p)
		}
		text.TLP = tlp.Green
		if p, err = c.room.PreviewOf(t.Context(), lan(), text); err != nil || p.Told != 3 || p.KeptBack != 0 {
			t.Errorf("of TLP:GREEN: %d told, %d kept back, %v", p.Told, p.KeptBack, err)
		}
		officer := person(auth.Officer, "a@px.example", auth.Only(c.ids["PX-A"]))
		if _, err := c.room.Preview(t.Context(), officer, b.ID.String()); !errs.Is(err, errs.NotFound) {
			t.Errorf("an officer sees who gets it: %v", err)
		}
	})
}

func TestAMarkingKeepsWhatASourceKeeps(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		c.intel[7] = intel.Advisory{ID: "A7", Number: 7, Title: "Portal flaw", Summary: "A flaw.", TLP: tlp.Amber, CVEs: []string{"CVE-2026-12345"}, Body: &advisory.Advisory{
			Products: []advisory.Product{{Vendor: "Acme", Name: "Portal", Ranges: []advisory.Range{{From: "1.0", To: "2.0"}}}},
			Remedies: []string{"Update."}, References: []string{"https://acme.example/a"},
		}}
		text, err := c.room.From(t.Context(), lan(), []string{"A7"})
		if err != nil {
			t.Fatal(err)
		}
		if text.TLP != tlp.Amber || text.Severity != row.Critical || len(text.Products) != 1 || text.Products[0].Versions != "≥ 1.0, < 2.0" || text.Products[0].Fixed != "2.0" {
			t.Errorf("prefilled %+v", text)
		}
		text.VI, text.EN = content(0, false).VI, content(0, false).EN
		text.TLP, text.Audience.Public = tlp.Clear, true
		b := c.must(c.room.Write(t.Context(), lan(), text))
		_, err = c.room.Submit(t.Context(), lan(), b.ID.String(), 0)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(fmt.Sprint(errs.PlacesOf(err)), "a source is marked more narrowly: A7 TLP:AMBER") {
			t.Errorf("an amber source goes out as clear: %v %v", err, errs.PlacesOf(err))
		}
	})
}

func TestADocumentPassesOurOwnCheck(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		checker := csaf.NewChecker()
		ctx := t.Context()
		check := func(path string) string {
			t.Helper()
			body := c.file(path)
			if failures := checker.Check([]byte(body)); len(failures) > 0 {
				t.Errorf("%s: %+v\n%s", path, failures, body)
			}
			for _, suffix := range []string{".sha256", ".sha512"} {
				if err := csaf.VerifyHash([]byte(body), []byte(c.file(path+suffix))); err != nil {
					t.Errorf("%s%s: %v", path, suffix, err)
				}
			}
			return body
		}
		b := c.out(content(tlp.Clear, true))
		const path = "/csaf/white/2026/tt-2026-001.json"
		first := check(path)
		for _, want := range []string{`"TT-2026-001"`, `vers:generic/\u003e=1.0|\u003c2.0`, `"csaf_security_advisory"`, `"Trung tâm ATTT"`, base + path} {
			if !strings.Contains(first, want) {
				t.Errorf("the document has no %s:\n%s", want, first)
			}
		}
		// A revision stands beside its history.
		c.Clock.Advance(time.Hour)
		c.must(c.room.Revise(ctx, minh(), b.Number))
		text := content(tlp.Clear, true)
		text.VI.Change, text.EN.Change, text.CVEs = "Thêm mã.", "A CVE more.", []string{"CVE-2026-12345", "CVE-2026-23456"}
		c.must(c.room.Edit(ctx, minh(), b.Number, 0, text))
		if now := check(path); now != first {
			t.Errorf("a draft shows:\n%s", now)
		}
		c.must(c.room.Submit(ctx, minh(), b.Number, 0))
		c.must(c.room.Approve(ctx, lan(), b.Number, 0))
		c.must(c.room.Publish(ctx, lan(), b.Number, 0))
		if second := check(path); !strings.Contains(second, "A CVE more.") || !strings.Contains(second, `"version": "2"`) {
			t.Errorf("the revision does not show:\n%s", second)
		}
		for n, text := range []func(*bulletin.Content){
			func(c *bulletin.Content) { c.Products = nil; c.Audience.Concerned = false },
			func(c *bulletin.Content) { c.CVEs = nil },
			func(c *bulletin.Content) {
				c.Products = append(c.Products, bulletin.Product{Vendor: "Acme", Name: "Other"}, bulletin.Product{Vendor: "Acme", Name: "Portal", Versions: "1.5; 1.6"},
					bulletin.Product{Vendor: "Bcme", Name: "Thing", Versions: "<= 3 ", PURL: "pkg:npm/thing"})
			},
		} {
			one := content(tlp.Clear, true)
			text(&one)
			c.out(one)
			check(fmt.Sprintf("/csaf/white/2026/tt-2026-%03d.json", n+2))
		}
		for _, list := range []string{"/.well-known/csaf/provider-metadata.json", "/csaf/white/csaf-feed-tlp-white.json"} {
			parser := csaf.New()
			_, err := parser.Parse(ctx, strings.NewReader(c.file(list)), 0, func(_ *row.Row, bad *row.Bad) error {
				if bad != nil {
					t.Errorf("%s: %+v", list, bad)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", list, err)
			}
		}
		if index := c.file("/csaf/white/index.txt"); index != "2026/tt-2026-001.json\n2026/tt-2026-002.json\n2026/tt-2026-003.json\n2026/tt-2026-004.json\n" {
			t.Errorf("index %q", index)
		}
		if changes := c.file("/csaf/white/changes.csv"); !strings.HasPrefix(changes, "2026/tt-2026-004.json,2026-11-23T03:00:00.000Z\n") {
			t.Errorf("changes %q", changes)
		}
	})
}

func TestNothingLeaksFromThePublicPlaces(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		ctx := t.Context()
		mark := func(word string, marking tlp.Marking, public bool) bulletin.Content {
			text := content(marking, public)
			text.VI.Title, text.EN.Title, text.EN.Summary = word, word, word+" summary"
			return text
		}
		c.must(c.room.Write(ctx, lan(), mark("secretdraft", tlp.Clear, true)))
		c.out(mark("secretamber", tlp.Amber, false))
		c.out(mark("secretclear", tlp.Clear, false)) // may spread, but nobody chose to publish it
		gone := c.out(mark("secretgone", tlp.Clear, true))
		shown := c.out(mark("welcome", tlp.Clear, true))
		c.must(c.room.Revise(ctx, lan(), shown.Number))
		c.must(c.room.Edit(ctx, lan(), shown.Number, 0, mark("secretrevision", tlp.Clear, true)))
		c.must(c.room.Withdraw(ctx, minh(), gone.Number, "sai sản phẩm"))
		never := c.must(c.room.Write(ctx, lan(), mark("secretnever", tlp.Clear, true)))
		c.must(c.room.Withdraw(ctx, lan(), never.ID.String(), "không cần"))
		paths := []string{
			"/.well-known/csaf/provider-metadata.json", "/.well-known/security.txt", "/advisories.atom", "/csaf/white/index.txt", "/csaf/white/changes.csv",
			"/csaf/white/csaf-feed-tlp-white.json",
		}
		for n := 1; n < 9; n++ {
			paths = append(paths, fmt.Sprintf("/csaf/white/2026/tt-2026-%03d.json", n), fmt.Sprintf("/csaf/white/2026/b%d.json", n))
		}
		var all strings.Builder
		found := 0
		for _, path := range paths {
			for _, lang := range []string{"", "vi", "en"} {
				f, err := c.room.Provide(ctx, path, lang)
				if err == nil {
					found++
					all.Write(f.Body)
				} else if !errs.Is(err, errs.NotFound) {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		for _, word := range []string{"secretdraft", "secretamber", "secretclear", "secretgone summary", "secretrevision", "secretnever"} {
			if strings.Contains(all.String(), word) {
				t.Errorf("%s leaks", word)
			}
		}
		for _, word := range []string{"welcome summary", "sai sản phẩm", "Reasoning for Withdrawal"} {
			if !strings.Contains(all.String(), word) {
				t.Errorf("no %s", word)
			}
		}
		if found != (6+2)*3 {
			t.Errorf("%d files stand", found)
		}
		if failures := csaf.Check([]byte(c.file("/csaf/white/2026/tt-2026-003.json"))); len(failures) > 0 {
			t.Errorf("the withdrawn one: %+v", failures)
		}
	})
}

func TestAnOfficerReadsWhatCameToHer(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		ctx := t.Context()
		draft := c.must(c.room.Write(ctx, lan(), content(tlp.Clear, true)))
		hers := c.out(content(tlp.Amber, false))
		public := c.out(content(tlp.Clear, true))
		a := person(auth.Officer, "a@px.example", auth.Only(c.ids["PX-A"]))
		b := person(auth.Officer, "b@px.example", auth.Only(c.ids["PX-B"]))
		sees := func(who auth.Actor) (list []string) {
			found, err := c.room.List(ctx, who, bulletin.Query{})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range found {
				list = append(list, x.Number)
				if _, err := c.room.Get(ctx, who, x.Number); err != nil {
					t.Errorf("%s is listed and not shown: %v", x.Number, err)
				}
				if len(x.Authors) > 0 || x.By != (bulletin.By{}) || x.Content.Audience.Concerned {
					t.Errorf("who is outside the centre sees %+v", x)
				}
			}
			return list
		}
		if got := sees(a); !slices.Equal(got, []string{hers.Number, public.Number}) {
			t.Errorf("A sees %v", got)
		}
		if got := sees(b); !slices.Equal(got, []string{public.Number}) {
			t.Errorf("B sees %v", got)
		}
		for _, name := range []string{draft.ID.String(), hers.Number, "B99", "TT-2026-099"} {
			if _, err := c.room.Get(ctx, b, name); !errs.Is(err, errs.NotFound) {
				t.Errorf("B opens %s: %v", name, err)
			}
		}
	})
}

func TestWhoGotItLearnsThatItIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, c *centre) {
		text := content(tlp.Green, false)
		text.Audience.Kinds = []string{"ward"}
		b := c.out(text)
		if _, err := c.room.Withdraw(t.Context(), lan(), b.Number, " "); !errs.Is(err, errs.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		c.must(c.room.Withdraw(t.Context(), lan(), b.Number, "sai"))
		want := []string{"issued/1 px-a@px.example", "issued/1 px-b@px.example", "recalled/1 px-a@px.example", "recalled/1 px-b@px.example"}
		if got := c.told(); !slices.Equal(got, want) {
			t.Errorf("told %v", got)
		}
		red := c.out(content(tlp.Red, false))
		if got := c.told(); got[len(got)-1] != "issued/1 px-a@px.example (notice)" {
			t.Errorf("%s goes out as %v", red.Number, got)
		}
		if kept := c.Entries(bulletin.VerbWithheld); len(kept) != 1 {
			t.Errorf("%d entries of what was kept back", len(kept))
		}
	})
}
