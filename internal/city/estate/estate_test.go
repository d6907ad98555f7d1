package estate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/envelope/envelopetest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
)

// city is a room over a fresh database, with a few words to use it.
type city struct {
	*estate.Room
	t  testing.TB
	db *db.DB
}

func schema() []db.Migration { return slices.Concat(journal.Schema(), estate.Schema()) }

func newCity(t testing.TB, d *db.DB) city {
	t.Helper()
	c := clock.NewStanding(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC))
	return city{estate.New(estate.Deps{DB: d, Journal: journal.New(c), Clock: c}), t, d}
}

func each(t *testing.T, suite func(t *testing.T, c city)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { suite(t, newCity(t, d)) }, schema()...)
}

func analyst() auth.Actor {
	return auth.Actor{ID: 1, Email: "analyst@soc.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
}

// officer is an officer of the organisation with the code.
func (c city) officer(code string) auth.Actor {
	id, err := c.ByCode(code)
	if err != nil {
		c.t.Fatal(err)
	}
	return auth.Actor{ID: 2, Email: "officer@unit.example", Role: auth.Officer, Organisation: id, Scope: c.Scope(id), Via: auth.ViaSession}
}

// give imports files, each "name: text" given as name and lines, and returns
// "new changed unchanged refused" of each.
func (c city) give(files ...string) []estate.Result {
	c.t.Helper()
	var in []estate.File
	for i, text := range files {
		in = append(in, estate.File{Name: fmt.Sprintf("%d.csv", i+1), Data: []byte(text)})
	}
	results, err := c.Apply(c.t.Context(), analyst(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return results
}

// take imports files none of which may be refused.
func (c city) take(files ...string) {
	c.t.Helper()
	if err := estate.Refused(c.give(files...)); err != nil {
		c.t.Fatal(errs.PlacesOf(err))
	}
}

func short(results []estate.Result) []string {
	var lines []string
	for _, r := range results {
		line := fmt.Sprintf("new %d changed %d unchanged %d", r.New, r.Changed, r.Unchanged)
		for _, why := range r.Refused {
			line += fmt.Sprintf(" | %d:%d %s", why.Line, why.Column, why.Reason)
		}
		lines = append(lines, line)
	}
	return lines
}

func (c city) owner(realm, asset, at string) string {
	c.t.Helper()
	o, ok := whose.ParseAsset(asset)
	if !ok {
		c.t.Fatalf("no asset: %s", asset)
	}
	day, err := time.ParseInLocation(time.DateOnly, at, time.FixedZone("ICT", 7*3600))
	if err != nil {
		c.t.Fatal(err)
	}
	a := c.WhoseIs(realm, o, day)
	if !a.Owned() {
		return a.Reason.String()
	}
	return a.Rule()
}

const (
	bodiesFile = `code,name_vi,name_en,kind,parent,tier,sector,valid_from,valid_to
HCM,Thành phố Hồ Chí Minh,Ho Chi Minh City,city,,city,,,
SO-YTE,Sở Y tế,Department of Health,department,HCM,city,y tế,,
P-BEN-NGHE,Phường Bến Nghé,,ward,HCM,city,,,2025-06-30
P-DA-KAO,Phường Đa Kao,,ward,HCM,city,,,2025-06-30
P-SAI-GON,Phường Sài Gòn,Sai Gon Ward,ward,HCM,city,,2025-07-01,
P-TAN-DINH,Phường Tân Định,Tan Dinh Ward,ward,HCM,city,,2025-07-01,
QTSC,Công viên phần mềm,,company,,private,data centre,,
`
	handoversFile = `from,to,date,share
P-BEN-NGHE,P-SAI-GON,2025-07-01,full
P-DA-KAO,P-SAI-GON,2025-07-01,partial
P-DA-KAO,P-TAN-DINH,2025-07-01,partial
`
	systemsFile = `code,name_vi,owner,operator,kind,level,criticality,depends_on,status
CONG,Cổng thông tin,SO-YTE,QTSC,website,3,vital,CSDL,operating
CSDL,Cơ sở dữ liệu,SO-YTE,,database,2,important,CONG,operating
`
	addressesFile = `organisation,kind,value,realm,system,valid_from,valid_to
QTSC,prefix,203.0.113.0/24,,,,
SO-YTE,prefix,203.0.113.8/29,,CONG,,
P-BEN-NGHE,prefix,192.0.2.0/26,,,2020-01-01,
P-DA-KAO,prefix,192.0.2.64/26,,,,
QTSC,egress,198.51.100.1,,,,
SO-YTE,prefix,10.0.0.0/8,so-yte,,,
SO-YTE,domain,yte.example,,,,
QTSC,asn,64500,,,,
SO-YTE,prefix,2001:db8::/48,,,2023-01-01,2024-12-31
`
	endpointsFile = `organisation,hostname,kind,ip,realm,os,system
SO-YTE,MAY-01,workstation,10.0.0.5,so-yte,Windows 11,
SO-YTE,web-01,server,203.0.113.9,,Debian 12,CONG
P-SAI-GON,MAY-01,workstation,192.168.1.5,,,
`
	contactsFile = `organisation,name,email,phone,role,language,order,hours
SO-YTE,Trực an toàn thông tin,attt@soyte.example,,,vi,1,24x7
SO-YTE,Nguyễn Thị Hoà,hoa@soyte.example,028 3930 9912,Chánh Văn phòng,,2,Mon-Fri 07:30-17:00
SO-YTE,Trần Văn Bình,binh@soyte.example,,,,1,
P-SAI-GON,Văn phòng,vp@saigon.example,,,,,
`
	softwareFile = `organisation,vendor,product,version,cpe,purl,hostname,system
SO-YTE,Apache,HTTP Server,2.4.58,,,web-01,CONG
SO-YTE,Apache,HTTP Server,2.4.58,,,,
`
)

func (c city) settle() {
	c.t.Helper()
	c.take(softwareFile, endpointsFile, contactsFile, addressesFile, systemsFile, handoversFile, bodiesFile)
}

func TestAnImportSaysWhatItDid(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		all := []string{softwareFile, endpointsFile, contactsFile, addressesFile, systemsFile, handoversFile, bodiesFile}
		want := []string{
			"new 2 changed 0 unchanged 0", "new 3 changed 0 unchanged 0", "new 4 changed 0 unchanged 0",
			"new 9 changed 0 unchanged 0", "new 2 changed 0 unchanged 0", "new 3 changed 0 unchanged 0",
			"new 7 changed 0 unchanged 0",
		}
		if diff := cmp.Diff(want, short(c.give(all...))); diff != "" {
			t.Fatal("first import: ", diff)
		}
		for i := range want {
			var n int
			_, _ = fmt.Sscanf(want[i], "new %d", &n)
			want[i] = fmt.Sprintf("new 0 changed 0 unchanged %d", n)
		}
		if diff := cmp.Diff(want, short(c.give(all...))); diff != "" {
			t.Fatal("the same again: ", diff)
		}
		got := short(c.give(
			"code;name_vi;kind;tier\nSO-YTE;Sở Y tế Thành phố;department;city\n",
			"organisation,name,email\nSO-YTE,Nguyễn Thị Hoà,HOA@soyte.example\n",
		))
		if diff := cmp.Diff([]string{"new 0 changed 1 unchanged 0", "new 0 changed 1 unchanged 0"}, got); diff != "" {
			t.Fatal("a changed name: ", diff)
		}
		o, err := c.ShowOrganisation(t.Context(), analyst(), "SO-YTE")
		if err != nil || o.NameVI != "Sở Y tế Thành phố" || o.NameEN != "Department of Health" || o.Parent != "HCM" {
			t.Errorf("a file without a column changes nothing in it: got %+v, %v", o, err)
		}
		contacts, _, err := c.ContactList(t.Context(), analyst(), estate.Query{Search: "nguyen thi hoa"})
		if err != nil || len(contacts) != 1 || contacts[0].Order != 2 || contacts[0].Email != "HOA@soyte.example" {
			t.Errorf("an address in other letters is the same contact: got %+v, %v", contacts, err)
		}
		if _, err := c.Apply(t.Context(), c.officer("SO-YTE"), nil); !errs.Is(err, errs.Denied) {
			t.Errorf("an officer imports: %v", err)
		}
		c.sealed()
	})
}

func TestARefusedFileIsNotAppliedAndTakesWhatNamesIt(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		got := short(c.give(
			"code,name_vi,kind,parent,tier\nA,An,ward,HCM,city\nB,Ba,wrong,,city\n",
			"organisation,kind,value\nHCM,domain,hcm.example\n",
			"organisation,name,email\nA,Mai,mai@a.example\nNIRGENDS,Lan,lan@n.example\n",
			"code,name_vi,kind,tier\nHCM,Thành phố,city,city\n",
			"organisation,hostname,kind,system\nHCM,web,server,CONG\n",
		))
		for i, want := range []string{
			"new 0 changed 0 unchanged 0 | 3:3 ", "new 1 changed 0 unchanged 0", "new 0 changed 0 unchanged 0 | 2:1 organisation:",
			"new 1 changed 0 unchanged 0", "new 0 changed 0 unchanged 0 | 2:4 system: there is no system “CONG”",
		} {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("file %d: got %q, want %q…", i+1, got[i], want)
			}
		}
		if n := strings.Count(got[2], "|"); n != 2 {
			t.Errorf("the contacts: %d refusals, want one for A, which was refused itself, and one for NIRGENDS: %s", n, got[2])
		}
		found, _, err := c.Organisations(t.Context(), analyst(), estate.Query{})
		if err != nil || len(found) != 1 || found[0].Code != "HCM" {
			t.Errorf("got %+v, %v, want HCM alone", found, err)
		}
	})
}

func TestNobodyStandsAboveHimself(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.take("code,name_vi,kind,parent,tier\nC,Ca,ward,B,city\nB,Ba,district,A,city\nA,An,city,,city\n")
		got := short(c.give("code,name_vi,kind,parent,tier\nA,An,city,C,city\n"))
		if !strings.Contains(got[0], "2:4 parent: by its chain of parents “A”") {
			t.Errorf("got %q", got[0])
		}
		got = short(c.give("code,name_vi,kind,parent,tier\nX,X,ward,Y,city\nY,Y,ward,X,city\n"))
		if strings.Count(got[0], "|") != 2 {
			t.Errorf("a circle of new ones: got %q", got[0])
		}
		a, err := c.ShowOrganisation(t.Context(), analyst(), "A")
		if err != nil {
			t.Fatal(err)
		}
		a.Parent = "C"
		if _, err := c.PutOrganisation(t.Context(), analyst(), a); !errs.Is(err, errs.Invalid) {
			t.Errorf("by hand: %v", err)
		}
	})
}

func TestWhoseIsKnowsWhatWasImported(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		ask := func(c city) {
			for _, q := range []struct{ realm, asset, at, want string }{
				{"public", "ip:203.0.113.200", "2026-01-01", "prefix 203.0.113.0/24 (provider QTSC)"},
				{"public", "ip:203.0.113.10", "2026-01-01", "prefix 203.0.113.8/29 (system CONG of organisation SO-YTE)"},
				{"public", "ip:203.0.113.9", "2026-01-01", "endpoint web-01 203.0.113.9 (system CONG of organisation SO-YTE)"},
				{"public", "ip:192.0.2.1", "2025-06-30", "prefix 192.0.2.0/26 (organisation P-BEN-NGHE, since 2020-01-01)"},
				{"public", "ip:192.0.2.1", "2025-07-01", "prefix 192.0.2.0/26 (organisation P-SAI-GON, successor, since 2020-01-01)"},
				{"public", "ip:192.0.2.65", "2025-07-01", "split"},
				{"public", "ip:198.51.100.1", "2026-01-01", "egress 198.51.100.1/32 (operator QTSC)"},
				{"public", "ip:10.0.0.5", "2026-01-01", "meaningless"},
				{"so-yte", "ip:10.0.0.5", "2026-01-01", "endpoint may-01 10.0.0.5 in realm so-yte (organisation SO-YTE)"},
				{"so-yte", "ip:10.0.0.6", "2026-01-01", "prefix 10.0.0.0/8 in realm so-yte (organisation SO-YTE)"},
				{"public", "url:https://www.yte.example/", "2026-01-01", "parent-domain yte.example (organisation SO-YTE)"},
				{"public", "ip:2001:db8::1", "2024-12-31", "prefix 2001:db8::/48 (organisation SO-YTE, since 2023-01-01)"},
				{"public", "ip:2001:db8::1", "2025-01-01", "elsewhen"},
				{"public", "host:MAY-01", "2026-01-01", "endpoint may-01 (organisation P-SAI-GON)"},
			} {
				if got := c.owner(q.realm, q.asset, q.at); got != q.want {
					t.Errorf("%s in %s on %s: got %q, want %q", q.asset, q.realm, q.at, got, q.want)
				}
			}
			a := c.WhoseIs("public", whose.Address(netip.MustParseAddr("192.0.2.250"), 64500), time.Now())
			if a.Rule() != "asn 64500 (provider QTSC)" {
				t.Errorf("by AS number: %q", a.Rule())
			}
		}
		ask(c)
		fresh := newCity(t, c.db)
		if err := fresh.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ask(fresh)
	})
}

func TestAnEditIsSeenAtOnceAndByWhoeverFollows(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		other := newCity(t, c.db)
		if err := other.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		var ward estate.Address
		step := func(what string, do func() error, asset, want string) {
			t.Helper()
			begun := time.Now()
			if err := do(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if got := c.owner("public", asset, "2026-03-02"); got != want {
				t.Errorf("%s: got %q, want %q (%s)", what, got, want, time.Since(begun))
			}
			if err := other.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := other.owner("public", asset, "2026-03-02"); got != want {
				t.Errorf("%s, elsewhere: got %q, want %q", what, got, want)
			}
		}
		step("a new address", func() (err error) {
			ward, err = c.PutAddress(t.Context(), analyst(), estate.Address{Organisation: "P-TAN-DINH", Kind: "prefix", Value: "192.0.2.64/26"})
			return err
		}, "ip:192.0.2.65", "prefix 192.0.2.64/26 (organisation P-TAN-DINH)")
		step("an ended address", func() error {
			_, err := c.EndAddress(t.Context(), analyst(), ward.ID, "2026-03-01")
			return err
		}, "ip:192.0.2.65", "split")
		step("a removed address", func() error { return c.RemoveAddress(t.Context(), analyst(), ward.ID) }, "ip:192.0.2.65", "split")
		step("a full successor", func() error {
			_, err := c.PutSuccession(t.Context(), analyst(), estate.Succession{From: "P-DA-KAO", To: "P-TAN-DINH", Date: "2025-08-01", Share: "full"})
			return err
		}, "ip:192.0.2.65", "prefix 192.0.2.64/26 (organisation P-TAN-DINH, successor)")
		step("and none", func() error {
			return c.RemoveSuccession(t.Context(), analyst(), estate.Succession{From: "P-DA-KAO", To: "P-TAN-DINH", Date: "2025-08-01"})
		}, "ip:192.0.2.65", "split")
		step("a sector", func() error {
			o, err := c.ShowOrganisation(t.Context(), analyst(), "QTSC")
			if err != nil {
				return err
			}
			o.Sector = "phần mềm"
			_, err = c.PutOrganisation(t.Context(), analyst(), o)
			return err
		}, "ip:203.0.113.200", "prefix 203.0.113.0/24 (provider QTSC)") // it operates CONG for others
		step("an operator", func() error {
			s, err := c.ShowSystem(t.Context(), analyst(), "CONG")
			if err != nil {
				return err
			}
			s.Operator = ""
			_, err = c.PutSystem(t.Context(), analyst(), s)
			return err
		}, "ip:203.0.113.200", "prefix 203.0.113.0/24 (organisation QTSC)")
		step("an endpoint", func() error {
			_, err := c.PutEndpoint(t.Context(), analyst(), estate.Endpoint{Organisation: "P-SAI-GON", Hostname: "cong", Kind: "server", IP: "203.0.113.77"})
			return err
		}, "ip:203.0.113.77", "endpoint cong 203.0.113.77 (organisation P-SAI-GON)")
		step("that went", func() error {
			found, _, err := c.Endpoints(t.Context(), analyst(), estate.Query{Search: "203.0.113.77"})
			if err != nil || len(found) != 1 {
				return errors.Join(err, fmt.Errorf("found %d endpoints", len(found)))
			}
			return c.RemoveEndpoint(t.Context(), analyst(), found[0].ID)
		}, "ip:203.0.113.77", "prefix 203.0.113.0/24 (organisation QTSC)")
		c.sealed()
	})
}

// sealed checks every record of the estate against the journal.
func (c city) sealed() {
	c.t.Helper()
	private, public, err := journal.NewKey("test")
	if err != nil {
		c.t.Fatal(err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := journal.Verify(c.t.Context(), c.db, seal, estate.Audits(), "")
	if err != nil || !v.OK {
		c.t.Errorf("verify: %+v, %v", v, err)
	}
}

func TestARecordChangedBehindTheJournalIsFound(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		c.sealed()
		err := c.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE contact SET email = 'evil@other.example' WHERE id = 1`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		private, public, _ := journal.NewKey("test")
		seal, _ := journal.NewSeal(private, public)
		v, err := journal.Verify(t.Context(), c.db, seal, estate.Audits(), "")
		if err != nil || v.OK || !strings.Contains(v.FirstBad, "contact 1") {
			t.Errorf("got %+v, %v", v, err)
		}
	})
}

func TestAnEditorIsToldWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		ctx := t.Context()
		for what, try := range map[string]struct {
			do    func() error
			code  errs.Code
			field string
		}{
			"a bad prefix": {func() error {
				_, err := c.PutAddress(ctx, analyst(), estate.Address{Organisation: "SO-YTE", Kind: "prefix", Value: "10.0.0.1/8", Realm: "x"})
				return err
			}, errs.Invalid, "value"},
			"an unknown organisation": {func() error {
				_, err := c.PutContact(ctx, analyst(), estate.Contact{Organisation: "NIRGENDS", Name: "A", Email: "a@b.example"})
				return err
			}, errs.Invalid, ""},
			"an unknown system": {func() error {
				_, err := c.PutSystem(ctx, analyst(), estate.System{Code: "X", NameVI: "X", Owner: "SO-YTE", Kind: "website", DependsOn: []string{"NIX"}})
				return err
			}, errs.Invalid, ""},
			"one that is there": {func() error {
				_, err := c.PutOrganisation(ctx, analyst(), estate.Organisation{Code: "HCM", NameVI: "X", Kind: "city", Tier: "city"})
				return err
			}, errs.Conflict, ""},
			"a contact that is there": {func() error {
				_, err := c.PutContact(ctx, analyst(), estate.Contact{Organisation: "SO-YTE", Name: "A", Email: "ATTT@soyte.example"})
				return err
			}, errs.Conflict, ""},
			"one contact made another": {func() error {
				_, err := c.PutContact(ctx, analyst(), estate.Contact{ID: "C1", Organisation: "SO-YTE", Name: "A", Email: "hoa@soyte.example"})
				return err
			}, errs.Conflict, ""},
			"a contact that is not": {func() error {
				_, err := c.PutContact(ctx, analyst(), estate.Contact{ID: "C99", Organisation: "SO-YTE", Name: "A", Email: "n@soyte.example"})
				return err
			}, errs.NotFound, ""},
			"a revision of before": {func() error {
				o, err := c.ShowOrganisation(ctx, analyst(), "QTSC")
				if err != nil {
					return err
				}
				o.NameEN = "Software park"
				if _, err := c.PutOrganisation(ctx, analyst(), o); err != nil {
					return err
				}
				o.NameEN = "Park"
				_, err = c.PutOrganisation(ctx, analyst(), o)
				return err
			}, errs.Conflict, ""},
			"an end before the beginning": {func() error {
				found, _, err := c.Addresses(ctx, analyst(), estate.Query{Search: "192.0.2.1"})
				if err != nil || len(found) != 1 {
					return errors.Join(err, errors.New("the address is not found"))
				}
				_, err = c.EndAddress(ctx, analyst(), found[0].ID, "2019-12-31")
				return err
			}, errs.Invalid, "valid_to"},
			"an officer": {func() error {
				_, err := c.PutEndpoint(ctx, c.officer("SO-YTE"), estate.Endpoint{Organisation: "SO-YTE", Hostname: "x", Kind: "server"})
				return err
			}, errs.Denied, ""},
		} {
			err := try.do()
			if !errs.Is(err, try.code) {
				t.Errorf("%s: got %v (%s), want %s", what, err, errs.CodeOf(err), try.code)
			}
			if try.field != "" && (len(errs.PlacesOf(err)) != 1 || errs.PlacesOf(err)[0].Field != try.field) {
				t.Errorf("%s: got the places %v, want %s", what, errs.PlacesOf(err), try.field)
			}
		}
		c.sealed()
	})
}

func TestHistoryHasImportsAndEdits(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		ctx := t.Context()
		c.settle()
		c.take("organisation,name,email,order\nSO-YTE,Nguyễn Thị Hoà,hoa@soyte.example,3\nSO-YTE,Trần Văn Bình,binh@soyte.example,2\n")
		found, _, err := c.ContactList(ctx, analyst(), estate.Query{Search: "hoa@"})
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		hoa := found[0]
		hoa.Phone, hoa.PGP = "028 1234567", envelopetest.PGP(t, "hoa@soyte.example", time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC), 0).Public
		if hoa, err = c.PutContact(ctx, analyst(), hoa); err != nil || !strings.Contains(hoa.PGP, "\n") {
			t.Fatal(hoa, err)
		}
		if err := c.RemoveContact(ctx, analyst(), hoa.ID); err != nil {
			t.Fatal(err)
		}
		events, err := c.History(ctx, analyst(), "contact:"+string(hoa.ID))
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range events {
			var before, after estate.Contact
			_ = json.Unmarshal(e.Before, &before)
			_ = json.Unmarshal(e.After, &after)
			told = append(told, fmt.Sprintf("%s %s %d→%d %s", e.Verb, e.Import, before.Order, after.Order, after.Phone))
		}
		want := []string{
			"contact.added I1 0→2 028 3930 9912", "contact.changed I2 2→3 028 3930 9912", "contact.changed  3→3 028 1234567",
			"contact.removed  3→0 ",
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
		if _, err := c.History(ctx, c.officer("SO-YTE"), "contact:"+string(hoa.ID)); !errs.Is(err, errs.NotFound) {
			t.Errorf("a removed record before an officer: %v", err)
		}
		if events, err := c.History(ctx, c.officer("SO-YTE"), "organisation:SO-YTE"); err != nil || len(events) != 1 {
			t.Errorf("an officer's own: %v, %v", events, err)
		}
		if _, err := c.History(ctx, c.officer("SO-YTE"), "organisation:P-SAI-GON"); !errs.Is(err, errs.NotFound) {
			t.Errorf("another's: %v", err)
		}
		c.sealed()
	})
}

func TestWhatCountsIsAnnounced(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		address, err := c.PutAddress(t.Context(), analyst(), estate.Address{Organisation: "SO-YTE", Kind: "prefix", Value: "198.51.100.64/27", ValidFrom: "2026-01-01"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.EndAddress(t.Context(), analyst(), address.ID, "2026-02-28"); err != nil {
			t.Fatal(err)
		}
		var entries []journal.Entry
		err = c.db.Read(t.Context(), func(tx *db.Tx) error {
			entries, err = journal.Entries(tx, journal.Query{Verbs: []string{"address.added", "address.ended"}})
			return err
		})
		if err != nil || len(entries) != 3 {
			t.Fatalf("got %d entries, %v, want the import's, the addition and the end", len(entries), err)
		}
		if entries[0].Subject != "import:I1" || entries[0].Organisation != 0 {
			t.Errorf("the import's entry is of %s, organisation %d", entries[0].Subject, entries[0].Organisation)
		}
		soYTe, _ := c.ByCode("SO-YTE")
		if e := entries[2]; e.Subject != "address:"+string(address.ID) || e.Organisation != soYTe || e.Verb != "address.ended" || e.Actor != "analyst@soc.example" {
			t.Errorf("the end's entry is %+v", e)
		}
		var body estate.AddressChanges
		if err := json.Unmarshal(entries[2].Body, &body); err != nil {
			t.Fatal(err)
		}
		after := body.Changes[0].After
		lo, hi, ok := after.Range()
		if !ok || lo.String() != "198.51.100.64" || hi.String() != "198.51.100.95" || after.Realm != "public" {
			t.Errorf("it covers %s–%s %v in %s", lo, hi, ok, after.Realm)
		}
		v := c.Validity(*after)
		if v.From.Format(time.RFC3339) != "2025-12-31T17:00:00Z" || v.To.Format(time.RFC3339) != "2026-02-28T17:00:00Z" {
			t.Errorf("it is valid %s–%s", v.From, v.To)
		}
	})
}

func TestContactsAreAskedInOrder(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		id, _ := c.ByCode("SO-YTE")
		err := c.db.Read(t.Context(), func(tx *db.Tx) error {
			groups, err := c.ContactsInOrder(tx, id)
			if err != nil {
				return err
			}
			var told []string
			for _, g := range groups {
				var names []string
				for _, contact := range g {
					names = append(names, contact.Email)
				}
				told = append(told, strings.Join(names, " "))
			}
			if diff := cmp.Diff([]string{"attt@soyte.example binh@soyte.example", "hoa@soyte.example"}, told); diff != "" {
				t.Error(diff)
			}
			saturday := time.Date(2026, 3, 7, 3, 0, 0, 0, time.UTC)
			if c.Reachable(groups[1][0], saturday) || !c.Reachable(groups[0][0], saturday) {
				t.Error("on a Saturday the duty desk is reached and office hours are not")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheForestKnowsWhoCameAfterWhom(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		f := c.Forest()
		id := func(code string) int64 {
			n, err := f.ByCode(code)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, q := range []struct{ code, on, want string }{
			{"P-BEN-NGHE", "2025-06-30", "P-BEN-NGHE owned"},
			{"P-BEN-NGHE", "2025-07-01", "P-SAI-GON owned"},
			{"P-DA-KAO", "2025-07-01", " split"},
			{"SO-YTE", "2026-01-01", "SO-YTE owned"},
		} {
			heir, why := f.OwnerAfter(id(q.code), q.on)
			if got := f.Code(heir) + " " + why.String(); got != q.want {
				t.Errorf("%s on %s: got %q, want %q", q.code, q.on, got, q.want)
			}
		}
		codes := func(ids []int64) string {
			var out []string
			for _, id := range ids {
				out = append(out, f.Code(id))
			}
			slices.Sort(out)
			return strings.Join(out, " ")
		}
		if got := codes(f.Reach(id("P-SAI-GON"), "2026-01-01")); got != "P-BEN-NGHE P-DA-KAO P-SAI-GON" {
			t.Errorf("a successor sees %s", got)
		}
		if got := codes(f.Reach(id("P-SAI-GON"), "2025-06-30")); got != "P-SAI-GON" {
			t.Errorf("the day before it saw %s", got)
		}
		if got := len(f.Below(id("HCM"))); got != 6 {
			t.Errorf("below the city are %d", got)
		}
		if got := f.Ancestors(id("P-SAI-GON")); len(got) != 1 || got[0].Code != "HCM" {
			t.Errorf("above a ward are %v", got)
		}
		var wards []string
		for _, o := range f.Children(id("HCM"), "2025-07-01") {
			wards = append(wards, o.Code)
		}
		if diff := cmp.Diff([]string{"P-SAI-GON", "P-TAN-DINH", "SO-YTE"}, wards); diff != "" {
			t.Errorf("the city's children of today, by name: %s", diff)
		}
		if got := f.Predecessors(id("P-SAI-GON"), ""); len(got) != 2 || got[0].From != "P-BEN-NGHE" || got[0].Share != "full" {
			t.Errorf("predecessors: %+v", got)
		}
		if got := f.Successors(id("P-DA-KAO"), "2025-06-30"); len(got) != 0 {
			t.Errorf("successors before the day: %+v", got)
		}
	})
}

func TestListsPageFilterAndSearch(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		ctx := t.Context()
		page := func(q estate.Query) (codes []string, pages int) {
			for {
				found, next, err := c.Organisations(ctx, analyst(), q)
				if err != nil {
					t.Fatal(err)
				}
				pages++
				for _, o := range found {
					codes = append(codes, o.Code)
				}
				if next == "" {
					return codes, pages
				}
				q.Cursor = next
			}
		}
		got, pages := page(estate.Query{Limit: 3})
		if diff := cmp.Diff([]string{"HCM", "SO-YTE", "P-BEN-NGHE", "P-DA-KAO", "P-SAI-GON", "P-TAN-DINH", "QTSC"}, got); diff != "" || pages != 3 {
			t.Errorf("oldest first in %d pages: %s", pages, diff)
		}
		got, pages = page(estate.Query{Limit: 2, ByName: true})
		if diff := cmp.Diff([]string{"QTSC", "P-BEN-NGHE", "P-DA-KAO", "P-SAI-GON", "P-TAN-DINH", "SO-YTE", "HCM"}, got); diff != "" || pages != 4 {
			t.Errorf("by name in %d pages: %s", pages, diff)
		}
		for q, want := range map[*estate.Query]string{
			{Search: "phuong DA kao"}:                             "P-DA-KAO",
			{Search: "Đa Kao"}:                                    "P-DA-KAO",
			{Search: "100%"}:                                      "",
			{Kind: "ward", On: "2025-07-01"}:                      "P-SAI-GON P-TAN-DINH",
			{Tier: "private"}:                                     "QTSC",
			{Organisation: "HCM"}:                                 "HCM",
			{Organisation: "SO-YTE", Below: true}:                 "SO-YTE",
			{Organisation: "HCM", Below: true, Search: "so y te"}: "SO-YTE",
		} {
			if got, _ := page(*q); strings.Join(got, " ") != want {
				t.Errorf("%+v: got %v, want %s", *q, got, want)
			}
		}
		if _, _, err := c.Organisations(ctx, analyst(), estate.Query{Cursor: "x"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a wrong cursor: %v", err)
		}
		if _, _, err := c.Organisations(ctx, analyst(), estate.Query{Organisation: "X"}); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown organisation: %v", err)
		}
		addresses, _, err := c.Addresses(ctx, analyst(), estate.Query{Search: "203.0.113.9"})
		if err != nil || len(addresses) != 2 || addresses[0].ID != "A1" {
			t.Errorf("what covers an address: %+v, %v", addresses, err)
		}
		systems, _, err := c.Systems(ctx, analyst(), estate.Query{Organisation: "QTSC"})
		if err != nil || len(systems) != 1 || !slices.Equal(systems[0].DependsOn, []string{"CSDL"}) {
			t.Errorf("what an operator operates: %+v, %v", systems, err)
		}
		if systems, err = c.Dependants(ctx, analyst(), "CSDL"); err != nil || len(systems) != 1 || systems[0].Code != "CONG" {
			t.Errorf("what depends on the database: %+v, %v", systems, err)
		}
		software, _, err := c.SoftwareList(ctx, analyst(), estate.Query{Hostname: "WEB-01"})
		if err != nil || len(software) != 1 || software[0].System != "CONG" {
			t.Errorf("what runs on a host: %+v, %v", software, err)
		}
		endpoints, _, err := c.Endpoints(ctx, analyst(), estate.Query{Realm: "so-yte", Kind: "workstation", Search: "win"})
		if err != nil || len(endpoints) != 1 || endpoints[0].Hostname != "MAY-01" {
			t.Errorf("endpoints: %+v, %v", endpoints, err)
		}
		successions, _, err := c.Successions(ctx, analyst(), estate.Query{Organisation: "P-TAN-DINH"})
		if err != nil || len(successions) != 1 || successions[0].From != "P-DA-KAO" {
			t.Errorf("successions: %+v, %v", successions, err)
		}
		realms, err := c.Realms(ctx, analyst())
		if err != nil || !slices.Equal(realms, []string{"public", "so-yte"}) {
			t.Errorf("realms: %v, %v", realms, err)
		}
		counts, err := c.Count(ctx, analyst(), "HCM", true)
		if want := (estate.Counts{Organisations: 6, Contacts: 4, Systems: 2, Addresses: 6, Endpoints: 3, Software: 2}); err != nil || counts != want {
			t.Errorf("counts: %+v, %v, want %+v", counts, err, want)
		}
	})
}

// A row is listed if and only if its reader may view it, and nobody learns of
// the rest: not by lists, not by ids, not by counts.
func TestListedIfAndOnlyIfMayView(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.settle()
		ctx := t.Context()
		readers := []auth.Actor{analyst()}
		for _, code := range []string{"HCM", "SO-YTE", "P-SAI-GON", "P-TAN-DINH", "QTSC"} {
			readers = append(readers, c.officer(code))
		}
		nobody := c.officer("QTSC")
		nobody.Scope = auth.Nobody()
		readers = append(readers, nobody)
		view := func(a auth.Actor) map[string]bool {
			seen := map[string]bool{}
			note := func(kind string, id any, err error) {
				if err != nil {
					t.Fatal(err)
				}
				seen[fmt.Sprint(kind, " ", id)] = true
			}
			organisations, _, err := c.Organisations(ctx, a, estate.Query{})
			for _, x := range organisations {
				note("organisation", x.Code, err)
			}
			systems, _, err := c.Systems(ctx, a, estate.Query{})
			for _, x := range systems {
				note("system", x.Code, err)
			}
			contacts, _, err := c.ContactList(ctx, a, estate.Query{})
			for _, x := range contacts {
				note("contact", x.ID, err)
			}
			addresses, _, err := c.Addresses(ctx, a, estate.Query{})
			for _, x := range addresses {
				note("address", x.ID, err)
			}
			endpoints, _, err := c.Endpoints(ctx, a, estate.Query{})
			for _, x := range endpoints {
				note("endpoint", x.ID, err)
			}
			software, _, err := c.SoftwareList(ctx, a, estate.Query{})
			for _, x := range software {
				note("software", x.ID, err)
			}
			return seen
		}
		all := view(readers[0])
		if len(all) != 7+2+4+9+3+2 {
			t.Fatalf("the analyst sees %d records", len(all))
		}
		for _, a := range readers {
			listed := view(a)
			for record := range all {
				kind, id, _ := strings.Cut(record, " ")
				var err error
				switch kind {
				case "organisation":
					_, err = c.ShowOrganisation(ctx, a, id)
				case "system":
					_, err = c.ShowSystem(ctx, a, id)
				case "contact":
					_, err = c.ShowContact(ctx, a, estate.ID(id))
				case "address":
					_, err = c.ShowAddress(ctx, a, estate.ID(id))
				case "endpoint":
					_, err = c.ShowEndpoint(ctx, a, estate.ID(id))
				case "software":
					_, err = c.ShowSoftware(ctx, a, estate.ID(id))
				}
				if listed[record] != (err == nil) || err != nil && !errs.Is(err, errs.NotFound) {
					t.Errorf("scope %s: %s listed %v, shown %v", a.Scope, record, listed[record], err)
				}
			}
			counts, err := c.Count(ctx, a, "", false)
			if n := counts.Organisations + counts.Contacts + counts.Addresses + counts.Endpoints + counts.Software; err != nil || int(n) > len(listed) {
				t.Errorf("scope %s counts %+v and lists %d", a.Scope, counts, len(listed))
			}
		}
		if n := len(view(c.officer("P-TAN-DINH"))); n != 3 {
			t.Errorf("a successor in part sees %d records, want itself, its predecessor and that one's address", n)
		}
		if _, err := c.Count(ctx, c.officer("SO-YTE"), "P-SAI-GON", true); !errs.Is(err, errs.NotFound) {
			t.Errorf("counts of another: %v", err)
		}
		var partner auth.Actor
		if _, _, err := c.Organisations(ctx, partner, estate.Query{}); err == nil {
			t.Error("a stranger lists organisations")
		}
	})
}

func TestTheCatalogueIsWhole(t *testing.T) {
	b := i18n.New()
	if err := b.Add(estate.Texts()); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	voice := b.In("en")
	for r := whose.Nobody; r <= whose.Malformed; r++ {
		if !voice.Has("estate.reason." + r.String()) {
			t.Errorf("no text for the reason %s", r)
		}
	}
}
