package demo_test

import (
	"bytes"
	"encoding/csv"
	"net/mail"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/app/demo"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/estate/tiles"
)

// midnight begins day n in the city.
func midnight(t *testing.T, n int) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, 2+n, 0, 0, 0, 0, zone)
}

// rows joins the sheets of the estate.
func rows(t *testing.T) sheet.Rows {
	t.Helper()
	var all sheet.Rows
	for _, s := range demo.Estate(1) {
		if len(s.Refused) > 0 {
			t.Fatalf("%s: %+v", s.File, s.Refused)
		}
		all.Organisations = append(all.Organisations, s.Rows.Organisations...)
		all.Successions = append(all.Successions, s.Rows.Successions...)
		all.Systems = append(all.Systems, s.Rows.Systems...)
		all.Contacts = append(all.Contacts, s.Rows.Contacts...)
		all.Addresses = append(all.Addresses, s.Rows.Addresses...)
		all.Endpoints = append(all.Endpoints, s.Rows.Endpoints...)
		all.Software = append(all.Software, s.Rows.Software...)
	}
	return all
}

func TestTheEstateIsASoundImportOfACityThisLarge(t *testing.T) {
	all := rows(t)
	present := 0
	for _, o := range all.Organisations {
		if o.ValidTo == "" {
			present++
		}
	}
	for what, n := range map[string][2]int{
		"present organisations": {present, 230},
		"organisations":         {len(all.Organisations), 700},
		"successions":           {len(all.Successions), 440},
		"systems":               {len(all.Systems), 900},
		"contacts":              {len(all.Contacts), 400},
		"addresses":             {len(all.Addresses), 700},
		"endpoints":             {len(all.Endpoints), 4000},
		"software":              {len(all.Software), 700},
	} {
		t.Logf("%d %s", n[0], what)
		if n[0] < n[1] || n[0] > n[1]*3/2 {
			t.Errorf("%d %s, about %d are wanted", n[0], what, n[1])
		}
	}
}

func TestEveryNameInTheEstateIsThere(t *testing.T) {
	all := rows(t)
	organisations, systems := map[string]bool{}, map[string]bool{}
	for _, o := range all.Organisations {
		organisations[o.Code] = true
	}
	for _, s := range all.Systems {
		systems[s.Code] = true
	}
	organisation := func(code, where string) {
		t.Helper()
		if code != "" && !organisations[code] {
			t.Errorf("%s: no organisation %q", where, code)
		}
	}
	system := func(code, where string) {
		t.Helper()
		if code != "" && !systems[code] {
			t.Errorf("%s: no system %q", where, code)
		}
	}
	for _, o := range all.Organisations {
		organisation(o.Parent, "parent")
	}
	for _, s := range all.Successions {
		organisation(s.From, "from")
		organisation(s.To, "to")
	}
	for _, s := range all.Systems {
		organisation(s.Owner, "owner")
		organisation(s.Operator, "operator")
		for _, on := range s.DependsOn {
			system(on, s.Code)
		}
	}
	for _, c := range all.Contacts {
		organisation(c.Organisation, "contact")
	}
	for _, a := range all.Addresses {
		organisation(a.Organisation, "address")
		system(a.System, "address")
	}
	for _, e := range all.Endpoints {
		organisation(e.Organisation, "endpoint")
		system(e.System, "endpoint")
	}
	for _, s := range all.Software {
		organisation(s.Organisation, "software")
		system(s.System, "software")
	}
}

func TestTheUnitsAreTheRealOnes(t *testing.T) {
	all := rows(t)
	byCode := map[string]sheet.Organisation{}
	departments := 0
	for _, o := range all.Organisations {
		byCode[o.Code] = o
		if o.Kind == "department" && o.ValidTo == "" {
			departments++
		}
	}
	for _, u := range tiles.Tiles() {
		if o := byCode[u.Code]; o.NameVI != u.NameVI || o.Kind != u.Kind || o.Parent != "79" {
			t.Errorf("%s: %+v", u.NameVI, o)
		}
	}
	if departments != 16 {
		t.Errorf("%d departments", departments)
	}
	// What became of some, from article 1 of Resolution 1685/NQ-UBTVQH15.
	heirs := map[string][]string{}
	for _, s := range all.Successions {
		if s.Date == "2025-07-01" {
			heirs[s.From] = append(heirs[s.From], byCode[s.To].NameVI+" "+s.Share)
		}
	}
	for code, want := range map[string]string{
		"cu-26740": "Phường Sài Gòn full",                             // Bến Nghé
		"cu-26737": "Phường Sài Gòn partial, Phường Tân Định partial", // Đa Kao
		"cu-755":   "Đặc khu Côn Đảo full",
	} {
		slices.Sort(heirs[code])
		if got := strings.Join(heirs[code], ", "); got != want {
			t.Errorf("%s: %s", byCode[code].NameVI, got)
		}
	}
	split, whole := 0, 0
	for code, h := range heirs {
		if byCode[code].ValidTo != "2025-06-30" {
			t.Errorf("%s was taken over and is valid to %q", code, byCode[code].ValidTo)
		}
		if len(h) > 1 {
			split++
		} else {
			whole++
		}
	}
	// 441 units of March 2025 and the district of Côn Đảo, less the five that the
	// resolution left as they were; 47 were split.
	if split != 47 || split+whole != 437 {
		t.Errorf("%d split, %d whole", split, whole)
	}
	for _, same := range []string{"Phường Thới Hòa", "Xã Long Sơn", "Xã Hòa Hiệp", "Xã Bình Châu", "Xã Thạnh An"} {
		i := slices.IndexFunc(all.Organisations, func(o sheet.Organisation) bool { return o.NameVI == same && o.ValidTo == "" })
		if i < 0 || all.Organisations[i].ValidFrom != "" {
			t.Errorf("%s did not begin in 2025", same)
		}
	}
}

// invented are the ranges in which nobody lives.
func invented(a netip.Addr) bool {
	for _, p := range []string{"198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24", "198.18.0.0/15", "2001:db8::/32"} {
		if netip.MustParsePrefix(p).Contains(a) {
			return true
		}
	}
	return false
}

func TestNothingReachesTheRealWorld(t *testing.T) {
	all := rows(t)
	for _, c := range all.Contacts {
		if a, err := mail.ParseAddress(c.Email); err != nil || !strings.HasSuffix(a.Address, ".example") {
			t.Errorf("%s: %v", c.Email, err)
		}
		if !strings.HasPrefix(c.Phone, "028 0000 ") {
			t.Errorf("telephone %s", c.Phone)
		}
	}
	for _, a := range all.Addresses {
		p, network := a.Prefix()
		switch {
		case a.Realm != "" && a.Value != "192.168.1.0/24":
			t.Errorf("%s in realm %s", a.Value, a.Realm)
		case a.Realm == "" && network && !invented(p.Addr()):
			t.Errorf("%s", a.Value)
		case a.Kind == "domain" && !strings.HasSuffix(a.Value, ".example"):
			t.Errorf("%s", a.Value)
		case a.Kind == "asn" && (a.Value < "AS64496" || a.Value > "AS64511" || len(a.Value) != 7):
			t.Errorf("%s", a.Value)
		}
	}
	for _, e := range all.Endpoints {
		if a := netip.MustParseAddr(e.IP); e.Realm == "" && !invented(a) || e.Realm != "" && !a.IsPrivate() {
			t.Errorf("%s of %s in realm %q", e.IP, e.Hostname, e.Realm)
		}
	}
	city := demo.New(1)
	for n := range 30 {
		for _, d := range city.Day(n, midnight(t, n)) {
			for _, word := range strings.FieldsFunc(string(d.Data), func(r rune) bool { return strings.ContainsRune(" ,;\"\n\r/@", r) }) {
				if a, err := netip.ParseAddr(word); err == nil && strings.Count(word, ".") == 3 && !invented(a) && word != "15.2.1258.12" {
					t.Fatalf("%s in %s", word, d.Name)
				}
			}
		}
	}
}

func TestContactsAreAsUnevenAsInLife(t *testing.T) {
	all := rows(t)
	count := map[string]int{}
	round := 0
	for _, c := range all.Contacts {
		count[c.Organisation]++
		if c.Hours == "24x7" {
			round++
		}
	}
	none, one := 0, 0
	for _, o := range all.Organisations {
		if o.ValidTo != "" {
			continue
		}
		switch count[o.Code] {
		case 0:
			none++
		case 1:
			one++
		}
	}
	if none != 2 || one < 10 || round < 10 {
		t.Errorf("%d without, %d with one, %d round the clock", none, one, round)
	}
}

func TestNoTwoBodiesShareANetworkButTheDataCentre(t *testing.T) {
	all := rows(t)
	for i, a := range all.Addresses {
		p, ok := a.Prefix()
		if !ok || a.Realm != "" || a.Organisation == "trung-tam-chuyen-doi-so" || a.ValidTo != "" {
			continue
		}
		for _, b := range all.Addresses[:i] {
			q, ok := b.Prefix()
			if ok && b.Realm == "" && b.ValidTo == "" && b.Organisation != "trung-tam-chuyen-doi-so" && p.Overlaps(q) {
				t.Errorf("%s of %s and %s of %s", a.Value, a.Organisation, b.Value, b.Organisation)
			}
		}
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	if !reflect.DeepEqual(demo.Estate(7), demo.Estate(7)) {
		t.Error("the estate differs")
	}
	one, two := demo.New(7), demo.New(7)
	for n := range 3 {
		if d := cmp.Diff(one.Day(n, midnight(t, n)), two.Day(n, midnight(t, n))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(one.Officers(n), two.Officers(n)); d != "" {
			t.Error(d)
		}
	}
	if reflect.DeepEqual(demo.Estate(7), demo.Estate(8)) {
		t.Error("the seed changes nothing")
	}
}

// reports are the records of the Shadowserver files of a day by report type,
// those of the community and the broken one left out.
func reports(t *testing.T, city *demo.City, n int) map[string][]map[string]string {
	t.Helper()
	out := map[string][]map[string]string{}
	for _, d := range city.Day(n, midnight(t, n)) {
		if d.Source != "shadowserver" || d.ReportType == "scan_ftp" {
			continue
		}
		out[d.ReportType] = records(t, d)
	}
	return out
}

func records(t *testing.T, d demo.Delivery) []map[string]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(d.Data))
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	var out []map[string]string
	for _, line := range lines[1:] {
		rec := map[string]string{}
		for i, v := range line {
			rec[lines[0][i]] = v
		}
		out = append(out, rec)
	}
	return out
}

func TestDaysDifferAndNeverGrow(t *testing.T) {
	city := demo.New(1)
	sizes := map[string]int{}
	previous := ""
	for n := range 150 {
		total := 0
		text := ""
		seen := map[string]bool{}
		for _, d := range city.Day(n, midnight(t, n)) {
			if seen[d.Name] {
				t.Fatalf("day %d: two files called %s", n, d.Name)
			}
			seen[d.Name] = true
			total += len(d.Data)
			if d.Source == "hai-dang-danh-sach" {
				_, text, _ = strings.Cut(string(d.Data), "\n\n")
			}
		}
		for typ, recs := range reports(t, city, n) {
			sizes[typ] = max(sizes[typ], len(recs))
			if len(recs) == 0 {
				t.Errorf("day %d: %s is empty: its source would be silent", n, typ)
			}
			if len(recs) > 60 {
				t.Errorf("day %d: %s has %d rows", n, typ, len(recs))
			}
		}
		if n > 0 && text == previous && n%50 == 0 {
			t.Errorf("day %d is like the day before", n)
		}
		previous = text
		if total > 150_000 {
			t.Errorf("day %d has %d bytes", n, total)
		}
	}
	t.Log(sizes)
}

func TestNoOrdinaryReportLooksLikeAStorm(t *testing.T) {
	city := demo.New(1)
	for n := range 100 {
		for typ, recs := range reports(t, city, n) {
			hurt, causes := map[string]bool{}, map[string]map[string]bool{}
			for _, r := range recs {
				who := r["ip"] + r["src_ip"] + r["email"]
				hurt[who] = true
				for _, cause := range []string{r["http_host"], r["infection"], r["tag"]} {
					if strings.Contains(cause, "cve") || strings.Contains(cause, "cc") {
						if causes[cause] == nil {
							causes[cause] = map[string]bool{}
						}
						causes[cause][who] = true
					}
				}
			}
			if len(hurt) > 20 {
				t.Errorf("day %d: %s is about %d machines", n, typ, len(hurt))
			}
		}
	}
}

func TestTheStormIsOne(t *testing.T) {
	city := demo.New(1)
	for n := range 8 {
		storms := 0
		for _, d := range city.Day(n, midnight(t, n)) {
			if d.Source != "to-ong-chia-se" || d.ReportType != "event4_sinkhole_http" {
				continue
			}
			storms++
			recs := records(t, d)
			hosts := map[string]bool{}
			for _, r := range recs {
				hosts[r["http_host"]] = true
				if r["family"] != demo.StormFamily(n) {
					t.Errorf("day %d: family %s", n, r["family"])
				}
			}
			if len(recs) < 200 || len(hosts) != 1 {
				t.Errorf("day %d: %d rows, %d controllers", n, len(recs), len(hosts))
			}
		}
		if storms != 1 {
			t.Errorf("day %d: %d storms", n, storms)
		}
	}
	if demo.StormFamily(3) != demo.StormFamily(10) || demo.StormFamily(3) == demo.StormFamily(4) {
		t.Error("the storm does not go round in a week")
	}
}

func TestRowsAreSeenBeforeTheyAreDelivered(t *testing.T) {
	city := demo.New(1)
	for n := range 20 {
		day := midnight(t, n)
		for _, d := range city.Day(n, day) {
			if d.Source != "shadowserver" || d.ReportType == "scan_ftp" {
				continue
			}
			for _, r := range records(t, d) {
				seen, err := time.Parse(time.DateTime, r["timestamp"])
				if err != nil {
					t.Fatal(err)
				}
				if ago := day.Add(d.At).Sub(seen); ago < time.Hour || ago > 4*time.Hour {
					t.Errorf("%s: seen %s before", d.Name, ago)
				}
			}
		}
	}
}

func TestWhatIsReallyFixedIsNotReportedAgain(t *testing.T) {
	city := demo.New(1)
	reported := func(day []demo.Delivery, match string) bool {
		return slices.ContainsFunc(day, func(d demo.Delivery) bool {
			if d.Source == "to-ong-chia-se" {
				return false
			}
			text := string(d.Data)
			return strings.Contains(text, match+`"`) || strings.Contains(text, match+";") || strings.Contains(text, match+"\n")
		})
	}
	verbs := map[demo.Verb]int{}
	boasts, gone := 0, 0
	for n := range 40 {
		last := time.Duration(0)
		tomorrow := city.Day(n+1, midnight(t, n+1))
		for _, a := range city.Officers(n) {
			verbs[a.Verb]++
			if a.At < last || a.At >= 24*time.Hour {
				t.Errorf("day %d: %+v out of order", n, a)
			}
			last = a.At
			if a.Verb != demo.Fixed {
				continue
			}
			if reported(tomorrow, a.Match) {
				boasts++
			} else {
				gone++
			}
		}
	}
	t.Log(verbs, boasts, gone)
	if verbs[demo.Acknowledge] < 100 || verbs[demo.Start] < 100 || verbs[demo.Reject] != 40 || gone < 100 || boasts < 5 || boasts > gone/3 {
		t.Errorf("%v, %d boasts, %d gone", verbs, boasts, gone)
	}
}

func TestOfficersActForWhoHasContacts(t *testing.T) {
	all := rows(t)
	has := map[string]bool{}
	for _, c := range all.Contacts {
		has[c.Organisation] = true
	}
	city := demo.New(1)
	for n := range 60 {
		for _, a := range city.Officers(n) {
			if a.Verb == demo.Acknowledge && !has[a.Organisation] {
				t.Errorf("day %d: %s has nobody and answers", n, a.Organisation)
			}
		}
	}
}

func TestSourcesAreThoseOfTheDay(t *testing.T) {
	known := map[string]bool{}
	for _, s := range demo.Sources() {
		known[s.Name] = true
	}
	last := time.Duration(0)
	for _, d := range demo.New(1).Day(0, midnight(t, 0)) {
		if !known[d.Source] || d.At < last {
			t.Errorf("%s of %s at %s", d.Name, d.Source, d.At)
		}
		last = d.At
	}
}
