package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/face/api"
	"tocsin/internal/face/web"
)

// A neighbourhood is a city of two wards, A and B, that both have everything;
// who reads as B must not learn that A exists. All that is A's has "kinzoku" in
// its name, or an address of 198.51.100.0/24, or an id that only A's things have.
type neighbourhood struct {
	*server

	readers map[string]string // role → token of one whose scope is B
	officer string            // token of A's own officer
	ofA     map[string]string // noun → id of one of A's
	ofB     map[string]string
}

// The report by which either ward gets findings.
func rows(day int, addresses ...string) string {
	var b strings.Builder
	b.WriteString(`"timestamp","ip","protocol","port","hostname","tag","asn"` + "\n")
	for i, a := range addresses {
		fmt.Fprintf(&b, "\"2026-03-%02d 01:02:%02d\",%q,\"tcp\",\"3389\",\"\",\"rdp\",\"64500\"\n", day, i, a)
	}
	return b.String()
}

// exploited is an entry of a catalogue of exploited weaknesses.
func exploited(cve, vendor, product string) string {
	return fmt.Sprintf(`{"cveID":%q,"vendorProject":%q,"product":%q,"vulnerabilityName":"%s flaw","dateAdded":"2026-03-01","shortDescription":"A flaw.",
		"requiredAction":"Apply updates.","dueDate":"2026-03-22","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}`, cve, vendor, product, product)
}

func neighbours(t *testing.T, address string) *neighbourhood {
	t.Helper()
	s := &server{folder: filepath.Join(t.TempDir(), "data"), db: address, clock: morning}
	t.Cleanup(s.kill)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	n := &neighbourhood{server: s, readers: map[string]string{}}
	importFiles(t, s, map[string]string{
		"1.csv": `code,name_vi,name_en,kind,parent,tier
TP,Thành phố,City,city,,city
KINZOKU,Phường Kinzoku,Kinzoku Ward,ward,TP,city
BENH,Phường Bến Hải,Ben Hai Ward,ward,TP,city
BENH-1,Trạm Bến Hải,Ben Hai Station,public_unit,BENH,city
`,
		"2.csv": `organisation,name,email,phone,order
TP,Trực,truc@tp.example,+84 28 0000 0001,1
KINZOKU,Người Kinzoku,head@kinzoku.example,+84 28 5550 1111,1
KINZOKU,Phó Kinzoku,deputy@kinzoku.example,+84 28 5550 2222,2
BENH,Người Bến,head@benh.example,+84 28 0000 3333,1
`,
		"3.csv": `code,name_vi,owner,kind
HT-KINZOKU,Cổng Kinzoku,KINZOKU,website
HT-BENH,Cổng Bến Hải,BENH,website
`,
		"4.csv": `organisation,kind,value,realm,system
KINZOKU,prefix,198.51.100.0/24,public,HT-KINZOKU
KINZOKU,domain,kinzoku.example,public,
KINZOKU,prefix,192.168.1.0/24,kinzoku-lan,
BENH,prefix,203.0.113.0/25,public,HT-BENH
BENH,domain,benh.example,public,
BENH-1,prefix,203.0.113.128/25,public,
`,
		"5.csv": `organisation,hostname,kind,ip
KINZOKU,kinzoku-web,server,198.51.100.7
BENH,benh-web,server,203.0.113.7
`,
		"6.csv": `organisation,vendor,product,version,hostname
KINZOKU,kinzoku-soft,kinzoku-portal,1.0,kinzoku-web
BENH,benh-soft,benh-portal,1.0,benh-web
KINZOKU,Both Soft,Both Portal,1.0,kinzoku-web
BENH,Both Soft,Both Portal,1.0,benh-web
`,
	})
	ctx := t.Context()
	post := func(path string, body any, to any) {
		t.Helper()
		if err := s.call(ctx, "POST", path, body, to); err != nil {
			t.Fatal(err)
		}
	}
	post("/sources", map[string]string{"name": "shadow", "format": "shadowserver"}, nil)
	post("/sources", map[string]string{"name": "kinzoku-feed", "format": "shadowserver", "organisation": "KINZOKU"}, nil)
	post("/sources", map[string]string{"name": "benh-feed", "format": "shadowserver", "organisation": "BENH"}, nil)
	post("/shifts", []map[string]any{{"name": "Trực Ban", "email": "duty@centre.example", "phone": "+84 28 0000 9999", "level": 1, "from": "2026-03-08T00:00:00Z", "to": "2026-03-30T00:00:00Z"}}, nil)
	post("/mutes", map[string]string{"what": "ip:198.51.100.200", "realm": "public", "ends": "2026-03-20T00:00:00Z", "reason": "kinzoku scanner"}, nil)
	hand(t, s, "kinzoku-feed", "2026-03-08-scan_rdp-kinzoku.csv", rows(8, "198.51.100.7", "198.51.100.8", "kinzoku-is-no-address"))
	hand(t, s, "benh-feed", "2026-03-08-scan_rdp-benh.csv", rows(8, "203.0.113.7", "203.0.113.200", "no-address"))
	hand(t, s, "shadow", "2026-03-08-scan_rdp-tp.csv", rows(8, "198.51.100.9", "203.0.113.9", "192.0.2.1"))
	// What the world knows: an advisory that concerns both, one that concerns A
	// alone, and a list that names an address of A's. The first of the advisories is
	// A's own: an address of A's has the same letter and number.
	post("/sources", map[string]string{"name": "kev", "format": "kev", "tlp": "clear"}, nil)
	post("/sources", map[string]string{"name": "list", "format": "list", "tlp": "clear"}, nil)
	hand(t, s, "kev", "kev.json", `{"title":"catalogue","catalogVersion":"1","dateReleased":"2026-03-01T00:00:00Z","count":2,"vulnerabilities":[`+
		exploited("CVE-2026-0002", "kinzoku-soft", "kinzoku-portal")+","+exploited("CVE-2026-0001", "Both Soft", "Both Portal")+`]}`)
	hand(t, s, "list", "list.txt", "198.51.100.77\n192.0.2.77\n")
	for _, role := range []string{"officer", "auditor", "supervisor", "leader", "partner"} {
		token, err := newcomer(ctx, s, role, "BENH")
		if err != nil {
			t.Fatal(err)
		}
		n.readers[role] = token
	}
	var err error
	if n.officer, err = newcomer(ctx, s, "officer", "KINZOKU"); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	n.ofA, n.ofB = n.someOf(t, "KINZOKU"), n.someOf(t, "BENH")
	for noun := range n.ofA {
		if n.ofB[noun] == "" {
			t.Fatalf("B has no %s", noun)
		}
	}
	for _, w := range []string{n.ofA["warnings"], n.ofB["warnings"]} {
		post("/warnings/"+w+"/letter", nil, nil)
	}
	settle(t, s)
	return n
}

// thing is what all nouns have, one way or another.
type thing struct {
	ID           string
	Code         string
	Name         string
	Document     string
	Source       string
	Warning      string
	Owner        string
	User         string
	Organisation *string
}

// nouns are the lists of the API by which scopes are tried, with what leads from
// an item to whose it is.
func nouns() []string {
	return []string{
		"findings", "warnings", "deliveries", "documents", "quarantine", "sources", "organisations", "systems", "addresses", "endpoints", "software",
		"contacts", "users",
	}
}

// key is by which name a thing is shown.
func key(noun string, x thing) string {
	switch noun {
	case "organisations", "systems":
		return x.Code
	case "sources":
		return x.Name
	}
	return x.ID
}

// someOf is one thing of each noun that an organisation has.
func (n *neighbourhood) someOf(t *testing.T, code string) map[string]string {
	t.Helper()
	some := map[string]string{}
	sources, documents, warnings := map[string]string{"benh-feed": "BENH", "kinzoku-feed": "KINZOKU"}, map[string]string{}, map[string]string{}
	for _, noun := range []string{
		"warnings", "documents", "findings", "deliveries", "quarantine", "sources", "organisations", "systems", "addresses", "endpoints", "software", "contacts", "users",
	} {
		all, err := list[thing](t.Context(), n.server, "/"+noun)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			whose := x.Owner
			switch {
			case noun == "organisations":
				whose = x.Code
			case noun == "sources":
				whose = sources[x.Name]
			case noun == "documents":
				whose = sources[x.Source]
				documents[x.ID] = whose
			case noun == "quarantine":
				whose = documents[x.Document]
			case noun == "deliveries":
				whose = warnings[x.Warning]
			case x.Organisation != nil:
				whose = *x.Organisation
			}
			if noun == "warnings" {
				warnings[x.ID] = whose
			}
			if whose == code && some[noun] == "" {
				some[noun] = key(noun, x)
			}
		}
		if some[noun] == "" {
			t.Fatalf("%s has nothing of %s", code, noun)
		}
	}
	return some
}

// marks finds what is A's in a text that B reads.
func (n *neighbourhood) marks(text string) []string {
	var found []string
	found = append(found, regexp.MustCompile(`(?i)kinzoku|198\.51\.100\.|5550[ .]?(1111|2222)`).FindAllString(text, -1)...)
	for noun, id := range n.ofA {
		if noun == "users" || len(id) > 5 {
			continue // numbered alike in all nouns, or found by its text
		}
		if regexp.MustCompile(`[/":]` + regexp.QuoteMeta(id) + `["/?<&]`).MatchString(text) {
			found = append(found, noun+" "+id)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// nowhere is an id in the form of a noun's that nothing has.
func nowhere(noun, id string) string {
	switch noun {
	case "organisations", "systems", "sources":
		return "NOWHERE-1"
	}
	return regexp.MustCompile(`\d+`).ReplaceAllString(id, "987654")
}

// TestStrangersSeeNothing walks every route of the API and of the site, with every
// method, as readers of ward B, and names A's things: each answers as for a thing
// that does not exist, says nothing of A, and changes nothing.
func TestStrangersSeeNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		t.Parallel()
		n := neighbours(t, fresh())
		before := n.everything(t)
		walked := 0
		for _, role := range slices.Sorted(maps.Keys(n.readers)) {
			token := n.readers[role]
			for _, r := range n.routes(t) {
				if r.open {
					continue
				}
				for noun, id := range n.ofA {
					path, named := r.at(noun, id)
					if !named {
						continue
					}
					none, _ := r.at(noun, nowhere(noun, id))
					body, kind := r.body(id)
					got, err := n.ask(t.Context(), token, r.method, path, body, "Content-Type", kind)
					if err != nil {
						t.Fatal(err)
					}
					body, _ = r.body(nowhere(noun, id))
					want, err := n.ask(t.Context(), token, r.method, none, body, "Content-Type", kind)
					if err != nil {
						t.Fatal(err)
					}
					walked++
					if got.status != want.status || plainly(got.body, id) != plainly(want.body, nowhere(noun, id)) {
						t.Errorf("%s: %s %s: %d, of what does not exist %d:\n%s", role, r.method, path, got.status, want.status,
							firstDifference(broken(plainly(want.body, nowhere(noun, id))), broken(plainly(got.body, id))))
					}
					if got.status < 400 && r.names {
						t.Errorf("%s: %s %s: %d", role, r.method, path, got.status)
					}
					if marks := n.marks(plainly(got.body, id)); len(marks) > 0 {
						t.Errorf("%s: %s %s tells of %v", role, r.method, path, marks)
					}
				}
				if !r.names {
					got, err := n.ask(t.Context(), token, "GET", r.pattern, nil)
					if err != nil {
						t.Fatal(err)
					}
					walked++
					if marks := n.marks(string(got.body)); r.method == "GET" && len(marks) > 0 {
						t.Errorf("%s: GET %s tells of %v", role, r.pattern, marks)
					}
				}
			}
		}
		if walked < 2000 {
			t.Errorf("only %d requests: the test does not see the routes", walked)
		}
		settle(t, n.server)
		if after := n.everything(t); after != before {
			t.Errorf("a stranger changed something:\n%s", firstDifference(before, after))
		}
	})
}

// plainly is a body without what differs between two answers by right: the name
// that was asked for, and the marks of the single request.
func plainly(b []byte, id string) string {
	text := regexp.MustCompile(`\b`+regexp.QuoteMeta(id)+`\b`).ReplaceAllString(string(b), "…")
	return regexp.MustCompile(`nonce="[^"]*"|nonce-[\w+/=-]+`).ReplaceAllString(text, "")
}

// A route is an address of the product, of the API or of the site.
type route struct {
	method, pattern string
	params          []string       // of its query
	schema          map[string]any // of its JSON body
	spec            map[string]any
	open            bool // for everybody
	names           bool // it names one thing
}

// routes are all of them, those of the API by its own description.
func (n *neighbourhood) routes(t *testing.T) []route {
	t.Helper()
	got, err := n.ask(t.Context(), n.token, "GET", api.Prefix+"/openapi.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	var spec map[string]any
	if err := json.Unmarshal(got.body, &spec); err != nil {
		t.Fatal(err)
	}
	var all []route
	paths := spec["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for method, op := range paths[path].(map[string]any) {
			if !strings.HasPrefix(path, api.Prefix) {
				path = api.Prefix + path
			}
			r := route{method: strings.ToUpper(method), pattern: path, names: strings.Contains(path, "{"), spec: spec}
			op := op.(map[string]any)
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				if p := p.(map[string]any); p["in"] == "query" {
					r.params = append(r.params, p["name"].(string))
				}
			}
			if content, ok := dig(op, "requestBody", "content", "application/json", "schema").(map[string]any); ok {
				r.schema = content
			}
			all = append(all, r)
		}
	}
	ofAPI := len(all)
	for _, w := range web.New(web.Deps{}).Routes() {
		pattern := strings.TrimSuffix(w.Pattern, "{$}")
		switch {
		case pattern == "/live", pattern == "/sign-out", strings.HasPrefix(pattern, "/account"), pattern == "/journal/seal", pattern == "/journal/checkpoint":
			continue // a stream; the reader's own account; the size of the whole journal, which its seal is about
		}
		all = append(all, route{method: w.Method, pattern: pattern, open: w.Open, names: strings.Contains(pattern, "{")})
	}
	if ofAPI < 80 || len(all)-ofAPI < 80 {
		t.Fatalf("%d routes of the API, %d of the site", ofAPI, len(all)-ofAPI)
	}
	return all
}

func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// at is the route's address for a thing, if the route names things of the noun,
// or takes one in its query or its body.
func (r route) at(noun, id string) (path string, named bool) {
	if r.names {
		path = regexp.MustCompile(`\{act\}`).ReplaceAllString(r.pattern, "ack")
		path = strings.NewReplacer("{format}", "pdf", "{kind}", "organisations", "{year}", "2026").Replace(path)
		head, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, api.Prefix), "/"), "/{")
		head = strings.TrimPrefix(strings.TrimPrefix(head, "bulk/"), "duty/")
		alias := map[string]string{"people": "users", "outbox": "deliveries", "organisations": "organisations"}
		if alias[head] != "" {
			head = alias[head]
		}
		if head != noun {
			return "", false
		}
		path = regexp.MustCompile(`\{(id|code|name)\}`).ReplaceAllString(path, url.PathEscape(id))
		if strings.Contains(path, "{") {
			return "", false
		}
		return path, strings.Contains(r.pattern, "{id}") || strings.Contains(r.pattern, "{code}") || strings.Contains(r.pattern, "{name}")
	}
	// The queries of lists, by the parameter that names such a thing.
	parameter := map[string][]string{
		"organisations": {"organisation", "code", "q", "text"}, "sources": {"source", "q"}, "documents": {"document", "q"}, "warnings": {"warning", "about", "q"},
		"systems": {"system", "q", "text"}, "users": {"user"}, "findings": {"q", "text"}, "endpoints": {"q"},
	}[noun]
	query := url.Values{}
	for _, p := range parameter {
		if slices.Contains(r.params, p) || (!strings.HasPrefix(r.pattern, api.Prefix) && r.method == "GET") {
			query.Set(p, id)
		}
	}
	if len(query) > 0 {
		return r.pattern + "?" + query.Encode(), true
	}
	if r.schema != nil {
		return r.pattern, true
	}
	return "", false
}

// body is a body that the route understands, with an id wherever one may stand.
func (r route) body(id string) ([]byte, string) {
	switch {
	case r.method == "GET":
		return nil, ""
	case r.schema != nil:
		b, err := json.Marshal(r.sample(r.schema, "", id, 0))
		if err != nil {
			panic(err)
		}
		return b, "application/json"
	case !strings.HasPrefix(r.pattern, api.Prefix):
		form := url.Values{"reason": {"because"}, "until": {"2026-12-31"}, "ids": {id}, "id": {id}, "organisation": {id}, "to": {"BENH"}, "confirm": {"1"}, "result": {"posted"}, "order": {"1/QĐ"}}
		return []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	return nil, ""
}

func (r route) sample(schema map[string]any, name, id string, depth int) any {
	if ref, ok := schema["$ref"].(string); ok {
		target, _ := dig(r.spec, "components", "schemas", ref[strings.LastIndex(ref, "/")+1:]).(map[string]any)
		return r.sample(target, name, id, depth+1)
	}
	if words, ok := schema["enum"].([]any); ok {
		return words[0]
	}
	kind := schema["type"]
	if kinds, ok := kind.([]any); ok {
		kind = kinds[0]
	}
	switch kind {
	case "object", nil:
		out := map[string]any{}
		properties, _ := schema["properties"].(map[string]any)
		for name, property := range properties {
			if depth < 6 && name != "$schema" {
				out[name] = r.sample(property.(map[string]any), name, id, depth+1)
			}
		}
		return out
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{r.sample(items, name, id, depth+1)}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	}
	switch {
	case schema["format"] == "date-time":
		return "2026-12-31T00:00:00Z"
	case schema["format"] == "date", name == "until", name == "expires":
		return "2026-12-31"
	case name == "reason", name == "order", name == "note", name == "text":
		return "because"
	}
	return id
}

// everything is what the centre sees of all nouns, but who was last seen when.
func (n *neighbourhood) everything(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, noun := range append(nouns(), "mutes", "storms", "calls", "shifts", "handovers", "webhooks", "routing", "indicators", "advisories", "questions", "successions") {
		got, err := n.ask(t.Context(), n.token, "GET", api.Prefix+"/"+noun, nil)
		if err != nil || got.status != 200 {
			t.Fatalf("%s: %v %d %s", noun, err, got.status, got.body)
		}
		b.WriteString(noun + " ")
		b.WriteString(strings.ReplaceAll(string(got.body), `},{`, "},\n{") + "\n")
	}
	return b.String()
}

// clip is the beginning of a text.
func clip(s string) string { return s[:min(len(s), 300)] }

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "- " + clip(x[i]) + "\n+ " + clip(y[i])
		}
	}
	return fmt.Sprintf("%d lines, then %d", len(x), len(y))
}

// TestWhatHappensNextDoorCannotBeNoticed reads every page and every list as
// readers of ward B, lets a great deal happen in ward A, and reads all again: not
// a byte is another. No count, chart, export, page number or search can tell.
func TestWhatHappensNextDoorCannotBeNoticed(t *testing.T) {
	n := neighbours(t, "")
	// When a reader's own token was last used goes by the machine's clock, not by
	// the city's, which stands in March.
	now := time.Now().UTC()
	var days []string
	for _, day := range []time.Time{now.AddDate(0, 0, -1), now, now.AddDate(0, 0, 1)} {
		days = append(days, day.Format("2006-01-02")+`T[\d:.]+Z`, `\d\d:\d\d `+day.Format("02/01/2006"), day.Format("02/01/2006"))
	}
	own := regexp.MustCompile(strings.Join(days, "|"))
	read := func() map[string]string {
		all := map[string]string{}
		for role, token := range n.readers {
			for _, r := range n.routes(t) {
				if r.method != "GET" || r.open || strings.Contains(r.pattern, "checkpoint") || slices.Contains(global(), strings.TrimPrefix(r.pattern, api.Prefix)) {
					continue
				}
				paths := []string{r.pattern}
				if r.names {
					paths = nil
					for noun, id := range n.ofB {
						if path, named := r.at(noun, id); named {
							paths = append(paths, path)
						}
					}
				} else if !strings.HasPrefix(r.pattern, api.Prefix) {
					paths = append(paths, r.pattern+"?q=kinzoku", r.pattern+"?format=csv", r.pattern+"?export=csv", r.pattern+"?organisation=KINZOKU", r.pattern+"?sort=-id&page=2")
				} else {
					paths = append(paths, r.pattern+"?limit=1", r.pattern+"?order=newest&limit=1", r.pattern+"?text=kinzoku", r.pattern+"?organisation=KINZOKU")
				}
				for _, path := range paths {
					got, err := n.ask(t.Context(), token, "GET", path, nil)
					if err != nil {
						t.Fatal(err)
					}
					all[role+" "+path] = own.ReplaceAllString(fmt.Sprint(got.status, " ", plainly(got.body, "\x00")), "now")
				}
			}
		}
		return all
	}
	read() // so that every token has been used
	before := read()
	if len(before) < 500 {
		t.Fatalf("only %d readings", len(before))
	}

	ctx := t.Context()
	do := func(method, path string, body any) {
		t.Helper()
		if err := n.call(ctx, method, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	importFiles(t, n.server, map[string]string{
		"1.csv": "code,name_vi,kind,parent,tier\nKINZOKU-2,Trạm Kinzoku,public_unit,KINZOKU,city\n",
		"2.csv": "organisation,name,email\nKINZOKU-2,Kinzoku Mới,new@kinzoku.example\n",
		"3.csv": "organisation,hostname,kind,ip\nKINZOKU,kinzoku-db,server,198.51.100.20\n",
	})
	hand(t, n.server, "kinzoku-feed", "2026-03-09-scan_rdp-kinzoku.csv", rows(9, "198.51.100.7", "198.51.100.30", "198.51.100.31", "kinzoku-bad"))
	hand(t, n.server, "shadow", "2026-03-09-scan_rdp-tp.csv", rows(9, "198.51.100.40", "198.51.100.9", "192.0.2.2"))
	do("POST", "/findings/"+n.ofA["findings"]+"/ack", nil)
	do("POST", "/findings/"+n.ofA["findings"]+"/fixed", nil)
	do("POST", "/warnings/"+n.ofA["warnings"]+"/ack", nil)
	do("POST", "/users", map[string]string{"email": "second@kinzoku.example", "role": "officer", "organisation": "KINZOKU"})
	do("POST", "/sources", map[string]string{"name": "kinzoku-second", "format": "list", "organisation": "KINZOKU"})
	do("POST", "/webhooks", map[string]string{"url": "http://127.0.0.1:1/kinzoku", "organisation": "KINZOKU"})
	do("POST", "/documents/"+n.ofA["documents"]+"/reparse", nil)
	settle(t, n.server)

	after := read()
	noticed := 0
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if before[path] == after[path] {
			continue
		}
		noticed++
		if noticed <= 20 {
			t.Errorf("%s tells that something happened next door:\n%s", path, firstDifference(broken(before[path]), broken(after[path])))
		}
	}
	if noticed > 20 {
		t.Errorf("… and %d more", noticed-20)
	}
	// The test sees what it should: A's own officer notices.
	if got, err := n.ask(ctx, n.officer, "GET", api.Prefix+"/findings", nil); err != nil || !strings.Contains(string(got.body), "198.51.100.30") {
		t.Errorf("A's own officer does not see it: %v %s", err, got.body)
	}
}

// global are the routes whose answer is about the whole installation by their
// purpose: how the journal and its stages stand, the clock.
func global() []string { return []string{"/health", "/journal/seal", "/live", "/backup"} }

// broken puts every element on a line of its own.
func broken(text string) string {
	return strings.NewReplacer("<", "\n<", "{", "\n{").Replace(text)
}

// TestListedIfAndOnlyIfMayView holds each list against each view, for readers of
// different reach: what a list shows can be opened, and what it does not show is
// not there.
func TestListedIfAndOnlyIfMayView(t *testing.T) {
	eachEngine(t, func(t *testing.T, fresh func() string) {
		t.Parallel()
		n := neighbours(t, fresh())
		// A ward that has gone into another: who reads as the successor reads the
		// predecessor's past too.
		importFiles(t, n.server, map[string]string{
			"1.csv": "code,name_vi,kind,parent,tier,valid_to\nOLD,Phường Cũ,ward,TP,city,2026-02-28\n",
			"2.csv": "from,to,date,share\nOLD,BENH,2026-03-01,full\n",
			"3.csv": "organisation,kind,value,valid_from,valid_to\nOLD,prefix,192.0.2.128/25,2020-01-01,2026-02-28\n",
		})
		hand(t, n.server, "shadow", "2026-02-20-scan_rdp-tp.csv", strings.ReplaceAll(rows(8, "192.0.2.130"), "2026-03-08", "2026-02-20"))
		readers := map[string]string{"the centre": n.token, "A's officer": n.officer}
		for role, token := range n.readers {
			readers["B's "+role] = token
		}
		for _, who := range []struct{ role, organisation string }{
			{"officer", "TP"}, {"officer", "BENH-1"}, {"officer", "OLD"}, {"auditor", ""}, {"analyst", ""}, {"leader", ""}, {"supervisor", ""},
		} {
			token, err := newcomer(t.Context(), n.server, who.role, who.organisation)
			if err != nil {
				t.Fatal(err)
			}
			readers[who.role+" "+who.organisation] = token
		}
		own := map[string]string{} // reader → the own account, which everybody sees
		for reader, token := range readers {
			got, err := n.ask(t.Context(), token, "GET", api.Prefix+"/users/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			var me thing
			if err := json.Unmarshal(got.body, &me); err != nil {
				t.Fatal(err)
			}
			own[reader] = me.ID
		}
		hidden, shown := 0, 0
		for _, noun := range nouns() {
			all, err := list[thing](t.Context(), n.server, "/"+noun)
			if err != nil {
				t.Fatal(err)
			}
			for reader, token := range readers {
				as := &server{url: n.url, token: token}
				got, err := n.ask(t.Context(), token, "GET", api.Prefix+"/"+noun, nil)
				if err != nil {
					t.Fatal(err)
				}
				listed := map[string]bool{}
				if got.status != 403 {
					mine, err := list[thing](t.Context(), as, "/"+noun)
					if err != nil {
						t.Fatalf("%s: %v", reader, err)
					}
					for _, x := range mine {
						listed[key(noun, x)] = true
					}
				}
				for _, x := range all {
					id := key(noun, x)
					one, err := n.ask(t.Context(), token, "GET", api.Prefix+"/"+noun+"/"+url.PathEscape(id), nil)
					if err != nil {
						t.Fatal(err)
					}
					want := 404
					switch {
					case noun == "users" && id == own[reader]:
						want = 200
					case got.status == 403:
						want = 403
					case listed[id]:
						want = 200
						shown++
					default:
						hidden++
					}
					if one.status != want {
						t.Errorf("%s: %s %s: listed %v, and viewing it is %d", reader, noun, id, listed[id], one.status)
					}
					delete(listed, id)
				}
				if len(listed) > 0 {
					t.Errorf("%s: %s: listed, but the centre has no such thing: %v", reader, noun, listed)
				}
			}
		}
		if hidden < 100 || shown < 100 {
			t.Errorf("%d hidden, %d shown: the test shows nothing", hidden, shown)
		}
		// The journal: an entry is listed if its subject may be seen.
		for _, role := range []string{"auditor", "supervisor", "leader"} {
			as := &server{url: n.url, token: n.readers[role]}
			entries, err := list[struct {
				Seq          int64
				Organisation *string
				Subject      string
			}](t.Context(), as, "/journal")
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				t.Errorf("%s: no entries", role)
			}
			for _, e := range entries {
				if e.Organisation == nil || !slices.Contains([]string{"BENH", "BENH-1", "OLD"}, *e.Organisation) {
					t.Errorf("%s reads entry %d of %v: %s", role, e.Seq, e.Organisation, e.Subject)
				}
			}
		}
	})
}

// TestWhatMovesTakesNoNamesAlong gives a finding of A to B by a person's word: B's
// readers see it and its life, but not whose it was.
func TestWhatMovesTakesNoNamesAlong(t *testing.T) {
	n := neighbours(t, "")
	moved := n.ofA["findings"]
	for _, path := range []string{"/findings/" + moved + "/ack", "/findings/" + moved + "/start"} {
		if got, err := n.ask(t.Context(), n.officer, "POST", api.Prefix+path, nil); err != nil || got.status != 200 {
			t.Fatalf("%s: %v %d %s", path, err, got.status, got.body)
		}
	}
	if err := n.call(t.Context(), "POST", "/findings/"+moved+"/move", map[string]string{"organisation": "BENH", "reason": "lent out"}, nil); err != nil {
		t.Fatal(err)
	}
	settle(t, n.server)
	if got, err := n.ask(t.Context(), n.token, "GET", api.Prefix+"/findings/"+moved+"/history", nil); err != nil || strings.Count(string(got.body), `"KINZOKU"`) < 3 {
		t.Errorf("the centre does not see its whole life: %v %s", err, got.body)
	}
	for role, token := range n.readers {
		for _, path := range []string{
			api.Prefix + "/findings/" + moved, api.Prefix + "/findings/" + moved + "/history", api.Prefix + "/findings/" + moved + "/evidence",
			api.Prefix + "/findings", api.Prefix + "/journal", api.Prefix + "/warnings", api.Prefix + "/deliveries", "/findings/" + moved, "/findings", "/journal",
		} {
			got, err := n.ask(t.Context(), token, "GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if role != "partner" && path == api.Prefix+"/findings/"+moved && got.status != 200 {
				t.Errorf("%s does not see what is theirs now: %d", role, got.status)
			}
			// Its address and its evidence are theirs by now; A's name and people are not.
			if found := regexp.MustCompile(`(?i)"?kinzoku(-[1-9]|"|@)|\.kinzoku@|phường kinzoku|@kinzoku`).FindAllString(string(got.body), -1); len(found) > 0 {
				t.Errorf("%s: GET %s: %d tells of %v:\n%s", role, path, got.status, found, clip(string(got.body)[max(0, strings.Index(strings.ToLower(string(got.body)), "kinzoku")-200):]))
			}
		}
	}
}

// TestCommandsOfAStranger runs every list and show of the command line as B's
// officer and B's auditor: nothing of A on either stream, and what is A's is not
// there (3), unless the role may not look at all (4).
func TestCommandsOfAStranger(t *testing.T) {
	n := neighbours(t, "")
	help := exec.CommandContext(t.Context(), "tocsin", "--help")
	help.Env = append(os.Environ(), "TOCSIN_LANG=en")
	text, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	singular := map[string]string{
		"findings": "finding", "warnings": "warning", "deliveries": "delivery", "documents": "document", "quarantine": "quarantine", "sources": "source",
		"organisations": "organisation", "systems": "system", "addresses": "address", "endpoints": "endpoint", "software": "software", "contacts": "contact", "users": "user",
	}
	for _, word := range singular {
		if !bytes.Contains(text, []byte(word)) {
			t.Errorf("the help does not speak of %s", word)
		}
	}
	for _, role := range []string{"officer", "auditor"} {
		run := func(args ...string) result {
			t.Helper()
			r, err := n.as(t.Context(), n.readers[role], args...)
			if err != nil {
				t.Fatal(err)
			}
			said := r.out + r.err
			for _, a := range args {
				said = strings.ReplaceAll(said, a, "")
			}
			if marks := n.marks(said); len(marks) > 0 {
				t.Errorf("%s: %v tells of %v:\n%s", role, args, marks, said)
			}
			return r
		}
		for noun, word := range singular {
			if r := run(word, "list", "--json"); r.code != 0 && r.code != 4 {
				t.Errorf("%s: %s list: exit %d: %s", role, word, r.code, r.err)
			}
			if r := run(word, "show", n.ofA[noun]); r.code != 3 && r.code != 4 {
				t.Errorf("%s: %s show %s: exit %d: %s%s", role, word, n.ofA[noun], r.code, r.out, r.err)
			}
		}
		for _, args := range [][]string{
			{"finding", "list", "--organisation", "KINZOKU"},
			{"finding", "tally", "--organisation", "KINZOKU"},
			{"warning", "list", "--organisation", "KINZOKU"},
			{"finding", "evidence", n.ofA["findings"]},
			{"finding", "history", n.ofA["findings"]},
			{"finding", "ack", n.ofA["findings"]},
			{"finding", "fixed", n.ofA["findings"]},
			{"finding", "bulk", "ack", n.ofA["findings"], n.ofB["findings"]},
			{"warning", "ack", n.ofA["warnings"]},
			{"warning", "history", n.ofA["warnings"]},
			{"organisation", "history", "KINZOKU"},
			{"document", "original", n.ofA["documents"]},
			{"document", "history", n.ofA["documents"]},
			{"outbox", "show", n.ofA["deliveries"], "--raw"},
			{"system", "history", "HT-KINZOKU"},
			{"address", "list", "--organisation", "KINZOKU"},
			{"contact", "list", "--organisation", "KINZOKU", "--below"},
		} {
			if r := run(args...); r.code != 3 && r.code != 4 {
				t.Errorf("%s: %v: exit %d: %s%s", role, args, r.code, r.out, r.err)
			}
		}
		for _, args := range [][]string{
			{"finding", "tally"},
			{"timeliness"},
			{"contact", "health"},
			{"outbox", "list"},
			{"journal", "list"},
			{"call", "list"},
			{"mute", "list"},
			{"storm", "list"},
			{"indicator", "list"},
			{"succession", "list"},
			{"shift", "list"},
			{"routing", "list"},
		} {
			if r := run(append(args, "--json")...); r.code != 0 && r.code != 3 && r.code != 4 {
				t.Errorf("%s: %v: exit %d: %s", role, args, r.code, r.err)
			}
		}
	}
}

// TestWhatTheWorldKnowsIsTheCentres: indicators, advisories and the questions about
// names are read by who sees the whole city. A ward learns of an advisory in its
// own finding, with its own machines and nobody else's.
func TestWhatTheWorldKnowsIsTheCentres(t *testing.T) {
	n := neighbours(t, "")
	for _, noun := range []string{"indicators", "advisories", "questions"} {
		all, err := list[thing](t.Context(), n.server, "/"+noun)
		if err != nil || len(all) < 2 && noun != "questions" || len(all) == 0 {
			t.Fatalf("the centre sees %d %s, %v", len(all), noun, err)
		}
		for role, token := range n.readers {
			paths := []string{api.Prefix + "/" + noun, "/" + noun}
			if noun == "questions" {
				paths[1] = "/matching"
			} else {
				paths = append(paths, api.Prefix+"/"+noun+"/"+all[1].ID, "/"+noun+"/"+all[1].ID)
			}
			for i, path := range paths {
				got, err := n.ask(t.Context(), token, "GET", path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if i < 2 && got.status == 200 && (strings.Contains(string(got.body), "CVE-2026-") || strings.Contains(string(got.body), "192.0.2") || strings.Contains(string(got.body), "192[.]0")) {
					t.Errorf("%s: %s lists what is the centre's: %s", role, path, clip(string(got.body)))
				}
				if i >= 2 && got.status != 404 && got.status != 403 {
					t.Errorf("%s: %s: %d", role, path, got.status)
				}
				if marks := n.marks(string(got.body)); len(marks) > 0 {
					t.Errorf("%s: %s tells of %v", role, path, marks)
				}
			}
		}
	}
	own, err := n.ask(t.Context(), n.readers["officer"], "GET", api.Prefix+"/findings?kind=vulnerable-product", nil)
	if err != nil || !strings.Contains(string(own.body), "benh-web") || !strings.Contains(string(own.body), "CVE-2026-0001") || len(n.marks(string(own.body))) > 0 {
		t.Errorf("B's officer reads of the own weakness: %v %s", err, own.body)
	}
}
