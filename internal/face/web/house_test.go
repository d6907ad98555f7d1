package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/city/regime"
	"tocsin/internal/face/web"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/match/product"
	"tocsin/internal/watch/match/vector"
	versions "tocsin/internal/watch/match/version"
	"tocsin/internal/watch/warning"
)

// password is everybody's in these tests.
const password = "bến nghé hoàng hôn 1862"

// A house is the whole site over real rooms and a database of its own.
type house struct {
	t         testing.TB
	db        *db.DB
	clock     *clock.Standing
	journal   *journal.Journal
	runner    *journal.Runner
	people    *auth.Room
	estate    *estate.Room
	duty      *duty.Room
	intake    *intake.Room
	collect   *collect.Room
	findings  *finding.Room
	intel     *intel.Room
	warnings  *warning.Room
	post      *deliver.Room
	bulletins *bulletin.Room
	site      *web.Site
	server    *httptest.Server
	admin     auth.Actor
}

func schema() []db.Migration {
	var all []db.Migration
	for _, s := range [][]db.Migration{
		journal.Schema(), blob.Schema(), auth.Schema(), estate.Schema(), duty.Schema(), intake.Schema(), collect.Schema(), intel.Schema(), finding.Schema(),
		warning.Schema(), deliver.Schema(), bulletin.Schema(),
	} {
		all = append(all, s...)
	}
	return all
}

func noon() time.Time { return time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC) }

func bundle(t testing.TB) *i18n.Bundle {
	t.Helper()
	b := i18n.New()
	for _, add := range []error{
		b.Add(ui.Texts()), b.Add(web.Texts()), b.Add(auth.Texts), b.Add(finding.Texts), b.Add(row.Texts), b.Add(tlp.Texts),
		b.Add(duty.Texts), b.Add(regime.Texts), b.Add(warning.Texts), b.Add(deliver.Texts), b.Add(bulletin.Texts), b.Add(intake.Texts), b.Add(collect.Texts), b.Add(versions.Texts), b.Add(product.Texts), b.Add(vector.Texts), b.Add(estate.Texts()), b.Add(sheet.Texts()),
	} {
		if add != nil {
			t.Fatal(add)
		}
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	i18ntest.Strict(t, b)
	return b
}

// empty is a site in which nothing has happened.
func empty(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.SQLite(t, schema()...), clock: clock.NewStanding(noon())}
	h.journal = journal.New(h.clock)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	h.estate = estate.New(estate.Deps{DB: h.db, Journal: h.journal, Clock: h.clock})
	h.duty = duty.New(duty.Deps{DB: h.db, Journal: h.journal, Clock: h.clock})
	h.people = auth.New(auth.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Secret: [32]byte{1},
		Hashing: auth.Hashing{Memory: 8, Passes: 1, Threads: 1},
		Scoper: func(_ *db.Tx, organisation int64) ([]int64, error) {
			return h.estate.Forest().Reach(organisation, h.estate.Today()), nil
		},
	})
	h.intake = intake.New(intake.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Blobs: blob.New(blob.Deps{DB: h.db, Clock: h.clock, Folder: t.TempDir()}),
	})
	sealing, opening, err := collect.NewSeal([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	h.collect = collect.New(collect.Deps{DB: h.db, Journal: h.journal, Clock: h.clock, Intake: h.intake, Seal: sealing, Open: opening})
	h.intel = intel.New(intel.Deps{DB: h.db, Journal: h.journal, Clock: h.clock, Estate: h.estate})
	rules, err := regime.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.findings = finding.New(finding.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Intake: h.intake, Estate: h.estate, World: h.intel,
		Quiet: func(row.Kind) finding.Quiet { return finding.Quiet{Period: 48 * time.Hour} },
	})
	texts := bundle(t)
	h.warnings = warning.New(warning.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Texts: texts, Regime: law{rules},
		Findings: problems{h.findings}, Estate: bodies{h.estate}, Duty: rosters{h.duty}, Sources: sources{h.intake},
	})
	h.bulletins = bulletin.New(bulletin.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Texts: texts, Intel: h.intel, Findings: h.findings, Warnings: h.warnings, Estate: h.estate,
		Settings: bulletin.Settings{PublicURL: func() string { return "https://tocsin.example" }},
	})
	h.post = deliver.New(deliver.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Texts: texts, Log: log, Warnings: h.warnings, Evidence: proofs{h.findings},
		Bulletins: h.bulletins, Bodies: h.estate,
		Limits: deliver.HealthLimits{Silence: rules.Health().Silence.Plain(), Key: rules.Health().Key.Plain()},
		Settings: deliver.Settings{
			PublicURL:  func() string { return "https://tocsin.example" },
			Letterhead: func(time.Time, string) deliver.Letterhead { return deliver.Letterhead{} },
		},
	})
	if err := h.post.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.runner = journal.NewRunner(h.db, h.journal, h.clock, log)
	h.runner.Follow(h.findings.Stage(false), h.findings.Stage(true), h.findings.AdviseStage(), h.findings.RetroStage(), h.findings.WitnessStage(), h.findings.SilenceStage())
	h.runner.Follow(h.warnings.Stage(), h.warnings.Heed(), h.post.Stage())
	h.runner.On(h.findings.Alarms()...)
	h.runner.On(h.warnings.Alarms()...)
	h.runner.On(h.post.Alarms()...)
	h.runner.Work(h.post.Workers()...)
	if err := h.runner.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.runner.Stop)

	private, public, err := journal.NewKey("tocsin.example/test")
	if err != nil {
		t.Fatal(err)
	}
	seal, err := journal.NewSeal(private, public)
	if err != nil {
		t.Fatal(err)
	}
	var site *web.Site
	gate, err := auth.NewGate(h.people, auth.Options{Refuse: func(w http.ResponseWriter, r *http.Request, err error) { site.Refuse(w, r, err) }})
	if err != nil {
		t.Fatal(err)
	}
	site = web.New(web.Deps{
		DB: h.db, Journal: h.journal, Clock: h.clock, Bundle: texts, Log: log, People: h.people, Gate: gate, Regime: rules,
		Estate: h.estate, Duty: h.duty, Intel: h.intel, Intake: h.intake, Collect: h.collect, Findings: h.findings,
		Warnings: h.warnings, Deliveries: h.post, Bulletins: h.bulletins, Settle: h.runner.Settle, Places: h.runner.Places,
		Verify: func(ctx context.Context, checkpoint string) (journal.Verdict, error) {
			return journal.Verify(ctx, h.db, seal, h.audits(), checkpoint)
		},
		Checkpoint: func(ctx context.Context) (text string, err error) {
			err = h.db.Read(ctx, func(tx *db.Tx) error {
				text, err = seal.Checkpoint(tx)
				return err
			})
			return text, err
		},
		City: func(lang string) string {
			return map[string]string{"vi": "Thành phố Hồ Chí Minh", "en": "Ho Chi Minh City"}[lang]
		},
		PublicURL: "https://tocsin.example",
	})
	h.site = site
	h.server = httptest.NewServer(gate.Handler(site))
	t.Cleanup(h.server.Close)
	t.Cleanup(h.server.CloseClientConnections)

	made, err := h.people.FirstAdmin(t.Context(), "quantri@trungtam.example", func(f auth.First) error {
		h.admin = auth.Actor{Email: f.Token}
		return nil
	})
	if err != nil || !made {
		t.Fatalf("the first admin: %v, %v", made, err)
	}
	if h.admin, err = h.people.ByToken(t.Context(), h.admin.Email); err != nil {
		t.Fatal(err)
	}
	return h
}

// audits are the records that verify compares with the journal.
func (h *house) audits() []journal.Audit {
	var all []journal.Audit
	for _, room := range [][]journal.Audit{
		h.people.Audits(), estate.Audits(), duty.Audits(), h.intake.Audits(), h.collect.Audits(),
		{h.findings.Audit(), h.findings.MuteAudit()},
		{warning.Audit(), warning.AuditRouting(), warning.AuditStorms(), deliver.Audit(), deliver.AuditHooks()},
	} {
		all = append(all, room...)
	}
	return all
}

// city is a site with a small city in which things have happened.
func city(t testing.TB) *house {
	t.Helper()
	h := empty(t)
	h.apply("organisations.csv", `code,name_vi,name_en,kind,parent,tier
TPHCM,Ủy ban nhân dân Thành phố Hồ Chí Minh,Ho Chi Minh City People's Committee,city,,city
SO-KHCN,Sở Khoa học và Công nghệ,Department of Science and Technology,department,TPHCM,city
P-SAI-GON,Phường Sài Gòn,Sai Gon ward,ward,TPHCM,city
P-TAN-SON-NHAT,Phường Tân Sơn Nhất,Tan Son Nhat ward,ward,TPHCM,city
X-BINH-CHANH,Xã Bình Chánh,Binh Chanh commune,commune,TPHCM,city
DK-CON-DAO,Đặc khu Côn Đảo,Con Dao special zone,special_zone,TPHCM,city
TT-TINH,Trung tâm Lưu trữ lịch sử,Historical archive,public_unit,TPHCM,city
DT-SAO-MAI,Công ty An ninh mạng Sao Mai,Sao Mai Security,partner,,private
TT-HCC-SG,Trung tâm Phục vụ hành chính công phường Sài Gòn,Sai Gon ward one-stop service centre,public_unit,P-SAI-GON,city
`)
	h.apply("contacts.csv", `organisation,name,email,phone,role,language,order,hours
P-SAI-GON,Trực an toàn thông tin,attt@phuongsaigon.example,028 3829 0001,Đầu mối,vi,1,24x7
P-SAI-GON,Trần Văn Lộc,loc@phuongsaigon.example,028 3829 0002,Phó Chánh Văn phòng,vi,2,Mon-Fri 07:30-17:00
TT-TINH,Văn thư,vanthu@luutru.example,,Đầu mối,vi,1,Mon-Fri 07:30-17:00
P-TAN-SON-NHAT,Trực,attt@phuongtansonnhat.example,,Đầu mối,vi,1,24x7
`)
	h.apply("systems.csv", `code,name_vi,name_en,owner,kind,level,criticality,status
CDV-SG,Cổng dịch vụ phường Sài Gòn,Sai Gon ward service portal,P-SAI-GON,website,2,important,operating
`)
	h.apply("addresses.csv", `organisation,kind,value,system,valid_from
P-SAI-GON,prefix,203.0.113.0/26,,2025-07-01
TT-HCC-SG,prefix,203.0.113.32/28,,2025-07-01
P-TAN-SON-NHAT,prefix,203.0.113.64/26,,2025-07-01
X-BINH-CHANH,prefix,203.0.113.128/26,,2025-07-01
DK-CON-DAO,prefix,203.0.113.192/26,,2025-07-01
SO-KHCN,prefix,203.0.113.0/24,,2025-07-01
P-SAI-GON,domain,phuongsaigon.example,CDV-SG,2025-07-01
`)
	if err := h.estate.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.source("shadowserver", intake.Source{Format: intake.Shadowserver, TLP: tlp.Amber})
	h.source("sao-mai", intake.Source{Format: intake.Shadowserver, TLP: tlp.Green, Organisation: h.org("DT-SAO-MAI")})
	at := noon().Add(-26 * time.Hour)
	h.deliver("shadowserver", "2026-11-19-scan_rdp-vietnam-geo.csv", report("3389", "rdp", at, "203.0.113.5", "203.0.113.40", "203.0.113.70", "203.0.113.130", "203.0.113.200", "192.0.2.9"))
	h.deliver("shadowserver", "2026-11-19-scan_dns-vietnam-geo.csv", report("53", "dns", at.Add(time.Hour), "203.0.113.6", "203.0.113.71", "203.0.113.131", "203.0.113.240"))
	h.advance(25 * time.Hour)
	h.deliver("shadowserver", "2026-11-20-scan_exchange-vietnam-geo.csv",
		report("443", "exchange;cve-2022-41082", noon().Add(23*time.Hour), "203.0.113.7", "203.0.113.72", "203.0.113.41")+"\"not a time\",\"critical\",\"203.0.113.9\",\"tcp\",\"443\",\"\",\"exchange\",\"64500\",\"VN\"\n")
	return h
}

// report is a Shadowserver report in its most common columns.
func report(port, tag string, at time.Time, addresses ...string) string {
	var b strings.Builder
	b.WriteString("\"timestamp\",\"severity\",\"ip\",\"protocol\",\"port\",\"hostname\",\"tag\",\"asn\",\"geo\"\n")
	severity := map[string]string{"3389": "high", "53": "medium", "443": "critical"}[port]
	for i, ip := range addresses {
		fmt.Fprintf(&b, "\"%s\",\"%s\",\"%s\",\"tcp\",\"%s\",\"\",\"%s\",\"64500\",\"VN\"\n",
			at.Add(time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05"), severity, ip, port, tag)
	}
	return b.String()
}

func (h *house) apply(name, text string) {
	h.t.Helper()
	results, err := h.estate.Apply(h.t.Context(), h.admin, []estate.File{{Name: name, Data: []byte(text)}})
	if err == nil {
		err = estate.Refused(results)
	}
	if err != nil {
		h.t.Fatalf("%s: %v %+v", name, err, results)
	}
}

func (h *house) source(name string, s intake.Source) {
	h.t.Helper()
	s.Name = name
	if _, err := h.intake.AddSource(h.t.Context(), h.admin, s); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) deliver(source, file, text string) intake.Document {
	h.t.Helper()
	doc, _, err := h.intake.Receive(h.t.Context(), h.admin, intake.Delivery{Source: source, File: file, Content: strings.NewReader(text)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.settle()
	return doc
}

func (h *house) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	if err := h.runner.Settle(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) advance(d time.Duration) {
	h.t.Helper()
	h.clock.Advance(d)
	h.runner.Wake()
	h.settle()
}

// org is the number of an organisation's code, 0 for "".
func (h *house) org(code string) int64 {
	h.t.Helper()
	if code == "" {
		return 0
	}
	id, err := h.estate.ByCode(code)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// A reader is a browser in which somebody is signed in, or nobody.
type reader struct {
	h      *house
	cookie *http.Cookie // nil: nobody
	actor  auth.Actor
	lang   string
}

// as signs in a person of a role, who is made for it.
func (h *house) as(role auth.Role, code string) *reader {
	h.t.Helper()
	email := fmt.Sprintf("%s%s@tocsin.example", role, strings.ToLower(code))
	names := map[auth.Role]string{
		auth.Admin: "Lê Quốc Bảo", auth.Analyst: "Nguyễn Thị Hòa", auth.Officer: "Trần Văn Lộc", auth.Supervisor: "Phạm Thu Thủy",
		auth.Leader: "Võ Minh Tâm", auth.Partner: "Đối tác Sao Mai", auth.Auditor: "Đặng Kiều Oanh",
	}
	_, err := h.people.Invite(h.t.Context(), h.admin, auth.NewUser{Email: email, Name: names[role], Role: role, Organisation: h.org(code), Password: password})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.enter(email, "")
}

// enter signs a person in.
func (h *house) enter(email, code string) *reader {
	h.t.Helper()
	o, err := h.people.SignIn(h.t.Context(), auth.Attempt{Email: email, Password: password, Code: code, Address: netip.MustParseAddr("203.0.113.250"), Agent: "Firefox"})
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := h.people.BySession(h.t.Context(), o.Secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return &reader{h: h, cookie: &http.Cookie{Name: "tocsin", Value: o.Secret}, actor: a, lang: "vi"}
}

// stranger is a browser in which nobody is signed in.
func (h *house) stranger() *reader { return &reader{h: h, lang: "vi"} }

// An answer is a response with its text.
type answer struct {
	*http.Response
	text string
}

func (a *reader) do(r *http.Request) answer {
	a.h.t.Helper()
	if a.cookie != nil {
		r.AddCookie(a.cookie)
	}
	r.AddCookie(&http.Cookie{Name: "tocsin_language", Value: a.lang})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		a.h.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		a.h.t.Fatal(err)
	}
	for _, c := range got.Cookies() {
		if c.Name == "tocsin" && c.MaxAge > 0 {
			a.cookie = &http.Cookie{Name: c.Name, Value: c.Value}
		}
	}
	return answer{got, string(text)}
}

func (a *reader) get(path string) answer {
	a.h.t.Helper()
	r, err := http.NewRequestWithContext(a.h.t.Context(), http.MethodGet, a.h.server.URL+path, nil)
	if err != nil {
		a.h.t.Fatal(err)
	}
	return a.do(r)
}

func (a *reader) post(path string, pairs ...string) answer {
	a.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(a.h.t.Context(), http.MethodPost, a.h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.do(r)
}

// sees asks for a page and for words that must stand on it.
func (a *reader) sees(path string, status int, words ...string) answer {
	a.h.t.Helper()
	got := a.get(path)
	got.check(a.h.t, path, status, words...)
	return got
}

func (got answer) check(t testing.TB, what string, status int, words ...string) {
	t.Helper()
	if got.StatusCode != status {
		t.Errorf("%s: status %d, want %d\n%s", what, got.StatusCode, status, plain(got.text))
		return
	}
	for _, word := range words {
		if !strings.Contains(got.text, word) {
			t.Errorf("%s: %q is not on the page\n%s", what, word, plain(got.text))
		}
	}
}

// plain is the text of a page without its marks, for messages of tests.
func plain(page string) string {
	if _, main, ok := strings.Cut(page, "<main"); ok {
		page = main
	}
	var b strings.Builder
	in := false
	for _, c := range page {
		switch {
		case c == '<':
			in = true
		case c == '>':
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(c)
		}
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	return text[:min(len(text), 1500)]
}

// shots is where somebody wants to look at pictures, "" when nobody does.
func shots() string { return os.Getenv("TOCSIN_SHOTS") }
