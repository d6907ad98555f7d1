package ui

import (
	"net/url"
	"time"

	"github.com/a-h/templ"
)

// sample is a record of the gallery, made up, at documentation addresses.
type sample struct {
	id, asset, organisation, severity, state, class string
	count                                           int
	last                                            time.Time
}

func samples(now time.Time) []sample {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	return []sample{
		{"F128", "ip:203.0.113.7", "Phường Sài Gòn", "critical", "open", "malicious-code:c2-server", 1204, ago(3 * time.Minute)},
		{"F127", "domain:dichvucong.phuong.example", "Phường Tân Sơn Nhất", "high", "acknowledged", "intrusions:system-compromise", 38, ago(50 * time.Minute)},
		{"F121", "ip:2001:db8:40::15", "Xã Bình Chánh", "medium", "fixing", "vulnerable:vulnerable-system", 6, ago(5 * time.Hour)},
		{"F119", "url:https://hoso.xa.example/tai-ve/bieu-mau-dang-ky-tam-tru-nam-2026.html", "Ban Quản lý An toàn thực phẩm", "high", "claimed_fixed", "fraud:phishing", 2, ago(26 * time.Hour)},
		{"F112", "ip:198.51.100.44", "Đặc khu Côn Đảo", "low", "verified", "vulnerable:potentially-unwanted-accessible", 61, ago(70 * time.Hour)},
		{"F107", "host:pc-1107.ubnd.example", "Phường Thủ Dầu Một", "info", "false_positive", "test:test", 1, ago(240 * time.Hour)},
		{"F102", "product:openssl", "Sở Khoa học và Công nghệ", "medium", "accepted_risk", "vulnerable:vulnerable-system", 3, ago(500 * time.Hour)},
	}
}

// galleryTable shows every ability of a table.
func galleryTable(p *Page, rows []sample) templ.Component {
	t := Table[sample]{
		ID:      "findings",
		Caption: p.T("ui.gallery.findings"),
		Rows:    rows,
		Key:     func(s sample) string { return s.id },
		Href:    func(s sample) string { return p.With("open", s.id) },
		Current: func(s sample) bool { return s.id == p.Query("open") },
		Columns: []Column[sample]{
			{Key: "id", Label: p.T("ui.gallery.id"), Cell: func(s sample) templ.Component { return Text(s.id) }, Sort: true},
			{Key: "severity", Label: p.T("ui.gallery.severity"), Cell: func(s sample) templ.Component { return Severity(p, s.severity) }, Sort: true},
			{Key: "asset", Label: p.T("ui.gallery.asset"), Cell: func(s sample) templ.Component { return Code(s.asset) }, Wide: true},
			{Key: "organisation", Label: p.T("ui.gallery.organisation"), Cell: func(s sample) templ.Component { return Text(s.organisation) }, Sort: true, Minor: true},
			{Key: "state", Label: p.T("ui.gallery.state"), Cell: func(s sample) templ.Component { return State(p, "finding", s.state) }},
			{Key: "count", Label: p.T("ui.gallery.count"), Cell: func(s sample) templ.Component { return Text(p.Int(int64(s.count))) }, Number: true, Sort: true, Minor: true},
			{Key: "last_seen", Label: p.T("ui.gallery.last_seen"), Cell: func(s sample) templ.Component { return Ago(p, s.last) }, Sort: true},
			{Key: "class", Label: p.T("ui.gallery.class"), Cell: func(s sample) templ.Component { return RSIT(p, s.class) }, Off: true},
		},
		Bar: FilterBar{
			Find: p.T("ui.gallery.find"),
			Filters: []Filter{
				{Name: "severity", Label: p.T("ui.gallery.severity"), Options: severityOptions(p)},
				{Name: "state", Label: p.T("ui.gallery.state"), Options: []Option{
					{"open", p.T("ui.state.finding.open"), 412}, {"fixing", p.T("ui.state.finding.fixing"), 57},
				}},
				{Name: "seen", Label: p.T("ui.gallery.last_seen"), Dates: true},
			},
		},
		Bulk: []BulkAct{
			{p.T("ui.gallery.bulk_ack"), "/gallery"},
			{p.T("ui.gallery.bulk_false"), "/gallery"},
		},
		Total: 1240, Next: "F101", Exports: []string{"csv", "xlsx", "json"},
		Empty: Nothing{Title: p.T("ui.gallery.empty"), Why: p.T("ui.gallery.empty_why")},
	}
	if len(rows) == 0 {
		t.ID, t.Total, t.Next, t.Bar = "nothing", 0, "", FilterBar{}
		t.Empty.Acts = []Button{{Label: p.T("ui.gallery.add_source"), Href: "/gallery", Icon: IconPlus}}
	}
	return List(p, t)
}

func severityOptions(p *Page) []Option {
	var all []Option
	for i, s := range []string{"critical", "high", "medium", "low", "info"} {
		all = append(all, Option{s, p.T("ui.severity." + s), 7 * (i + 1)})
	}
	return all
}

// nouns lists every noun with every state it has, in the order of its life.
func nouns() []struct {
	noun   string
	states []string
} {
	return []struct {
		noun   string
		states []string
	}{
		{"finding", []string{"open", "acknowledged", "fixing", "claimed_fixed", "verified", "false_positive", "accepted_risk"}},
		{"warning", []string{"draft", "sent", "acknowledged", "closed", "cancelled", "expired"}},
		{"delivery", []string{"due", "handed_over", "uncertain", "deferred", "delivered", "bounced", "failed", "acknowledged"}},
		{"document", []string{"received", "parsed", "partial", "unparsed"}},
		{"quarantine", []string{"held", "released"}},
		{"indicator", []string{"active", "held", "expired", "revoked"}},
		{"source", []string{"live", "late", "silent", "failing", "paused", "unknown"}},
		{"probe", []string{"live", "late", "silent", "unknown"}},
		{"user", []string{"active", "invited", "locked", "disabled"}},
		{"figure", []string{"met", "missed", "unknown", "no_case"}},
	}
}

func galleryLife(p *Page) LifeLine {
	return LifeLine{
		Noun: "finding",
		Steps: []Step{
			{State: "open", At: p.Now.Add(-26 * time.Hour), Who: "shadowserver"},
			{State: "acknowledged", At: p.Now.Add(-25 * time.Hour), Who: "truc@phuong.example"},
			{State: "fixing", At: p.Now.Add(-3 * time.Hour), Who: "cntt@phuong.example", Now: true},
			{State: "claimed_fixed"},
			{State: "verified"},
		},
		Acts: []Button{
			{Label: p.T("ui.gallery.act_fixed"), Action: "/gallery", Kind: KindPrimary},
			{Label: p.T("ui.gallery.act_false"), Href: "/gallery?confirm=1"},
			{Label: p.T("ui.gallery.act_verify"), Why: p.T("ui.gallery.why_verify")},
		},
	}
}

func galleryMeters(now time.Time) []Meter {
	h := time.Hour
	return []Meter{
		{Verb: "answered", From: now.Add(-5 * h), Due: now.Add(-4 * h), Done: now.Add(-5*h + 12*time.Minute)},
		{From: now.Add(-20 * time.Minute), Due: now.Add(40 * time.Minute)},
		{From: now.Add(-3 * h), Due: now.Add(-2 * h)},
		{Verb: "fixed", From: now.Add(-9 * h), Due: now.Add(-5 * h), Done: now.Add(-h)},
		{},
	}
}

func galleryTrend() []Point {
	labels := []string{"01/2026", "02/2026", "03/2026", "04/2026", "05/2026", "06/2026", "07/2026", "08/2026", "09/2026", "10/2026", "11/2026"}
	values := []float64{61, 64, 70, -1, -1, 74, 73, 79, 84, 83, 88}
	var points []Point
	for i, l := range labels {
		points = append(points, Point{Label: l, Value: values[i], Missing: values[i] < 0, Href: "/gallery?month=" + url.QueryEscape(l)})
	}
	return points
}

func galleryFigures(p *Page) []Figure {
	return []Figure{
		{Label: p.T("ui.gallery.stat_new"), Value: p.Int(37), Href: "/gallery?seen=today", Trend: galleryTrend(), Note: p.T("ui.gallery.stat_note")},
		{Label: p.T("ui.severity.critical"), Value: p.Int(4), Href: "/gallery?severity=critical", Tone: ToneCritical},
		{Label: p.T("ui.gallery.stat_late"), Value: p.Int(2), Href: "/gallery?late=1", Tone: ToneLate},
		{Label: p.T("ui.gallery.stat_met"), Value: p.Percent(96.5), Href: "/gallery?met=1", Tone: ToneGood},
		{Label: p.T("ui.gallery.stat_coverage"), Href: "/gallery?coverage=1", Tone: ToneUnknown},
	}
}

func galleryMoments(p *Page) []Moment {
	return []Moment{
		{At: p.Now.Add(-3 * time.Minute), What: p.T("ui.gallery.moment_seen"), Who: "shadowserver", Tone: ToneHigh, Href: "/gallery?e=3"},
		{At: p.Now.Add(-3 * time.Hour), What: p.T("ui.gallery.moment_fixing"), Who: "cntt@phuong.example"},
		{At: p.Now.Add(-25 * time.Hour), What: p.T("ui.gallery.moment_ack"), Who: "truc@phuong.example", Tone: ToneGood},
		{At: p.Now.Add(-26 * time.Hour), What: p.T("ui.gallery.moment_open"), Who: "stage:match"},
	}
}

func galleryTree(p *Page) []Node {
	return []Node{
		{Label: "Thành phố Hồ Chí Minh", Href: "/gallery?o=0", Open: true, Children: []Node{
			{Label: "Sở Khoa học và Công nghệ", Href: "/gallery?o=9", Note: Badge(ToneGood, p.T("ui.state.figure.met"))},
			{Label: "Phường Sài Gòn", Href: "/gallery?o=1", Note: Badge(ToneCritical, p.Int(4)), Open: true, Children: []Node{
				{Label: "Trung tâm Phục vụ hành chính công", Href: "/gallery?o=11"},
			}},
			{Label: "Xã Bình Chánh", Href: "/gallery?o=2"},
		}},
	}
}
