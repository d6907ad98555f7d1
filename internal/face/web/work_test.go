package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/app/demo"
	"tocsin/internal/base/auth"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
)

// metropolis is a site over the whole invented city, in which a day's reports
// have come in and people are on duty.
func metropolis(t testing.TB) *house {
	t.Helper()
	h := empty(t)
	invented := demo.New(1)
	for _, x := range invented.Estate() {
		if x.Kind == sheet.Endpoints || x.Kind == sheet.Software {
			continue // Tens of thousands of lines that no picture needs.
		}
		h.apply(string(x.Kind)+".csv", string(sheet.Write(x.Kind, x.Rows)))
	}
	if err := h.estate.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range demo.Sources() {
		marking, err := tlp.Parse(x.TLP)
		if err != nil {
			t.Fatal(err)
		}
		h.source(x.Name, intake.Source{Format: intake.Format(x.Format), Kind: x.Kind, TLP: marking, Zone: x.Zone, Mapping: x.Mapping})
	}
	zone := time.FixedZone("", 7*3600)
	midnight := time.Date(noon().Year(), noon().Month(), noon().Day(), 0, 0, 0, 0, zone)
	for i, d := range invented.Day(1, midnight) {
		if i == 12 {
			break
		}
		if _, _, err := h.intake.Receive(t.Context(), h.admin, intake.Delivery{Source: d.Source, File: d.Name, ReportType: d.ReportType, Content: bytes.NewReader(d.Data)}); err != nil {
			t.Fatal(err)
		}
	}
	h.settle()
	h.manned()
	return h
}

// manned plans a week of shifts with a gap, leaves a note and raises mutes.
func (h *house) manned() {
	h.t.Helper()
	ctx := h.t.Context()
	now := h.clock.Now()
	from := now.Truncate(24 * time.Hour)
	people := []duty.Plan{
		{Name: "Nguyễn Thị Hòa", Phone: "028 0000 0101", Email: "hoa@trungtam.example", Level: 1},
		{Name: "Lê Quốc Bảo", Phone: "028 0000 0102", Level: 1},
		{Name: "Phạm Thu Thủy", Phone: "028 0000 0103", Level: 1},
	}
	seconds := []duty.Plan{{Name: "Võ Minh Tâm", Phone: "028 0000 0201", Level: 2}, {Name: "Đặng Kiều Oanh", Phone: "028 0000 0202", Level: 2}}
	for _, plans := range [][]duty.Plan{duty.Rotate(people, from.Add(-36*time.Hour), 12*time.Hour, 9), duty.Rotate(seconds, from.Add(-96*time.Hour), 24*time.Hour, 7)} {
		if _, err := h.duty.AddShifts(ctx, h.admin, plans...); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := h.duty.WriteHandover(ctx, h.admin, "Phường Sài Gòn chưa xác nhận cảnh báo về máy chủ thư.\nGọi lại anh Lộc trước 15 giờ.\nNguồn GreenRadar gửi chậm từ sáng, đã hỏi."); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range []finding.Mute{
		{What: "198.51.100.0/28", Begins: now, Ends: now.Add(6 * time.Hour), Reason: "Máy quét của Trung tâm kiểm tra định kỳ theo kế hoạch 18/KH-TTATTT"},
		{What: "domain:dichvucong.example", Kind: "service-down", Begins: now.Add(24 * time.Hour), Ends: now.Add(28 * time.Hour), Reason: "Sở Khoa học và Công nghệ nâng cấp cổng dịch vụ"},
	} {
		if _, err := h.findings.AddMute(ctx, h.admin, m); err != nil {
			h.t.Fatal(err)
		}
	}
}

// workPages are the pages of warnings, sources, the estate, duty and the journal,
// each with an address that shows something.
func workPages(h *house, r *reader) []seen {
	page := func(name, path string) seen { return seen{name, path, r} }
	return []seen{
		page("warnings", "/warnings"), page("warning", "/warnings/W1"), page("warning-revise", "/warnings/W1/revise"), page("warning-letter", "/warnings/W1/letter"),
		page("warning-cancel", "/warnings/W1/cancel"), page("bulk-warnings", "/bulk/warnings/cancel?id=W1&id=W2"), page("digest", "/digest"),
		page("deliveries", "/deliveries"), page("outbox", "/outbox"), page("delivery", "/outbox/D1"), page("webhooks", "/webhooks"), page("webhook-new", "/webhooks/new"),
		page("sources", "/sources"), page("source", "/sources/shadowserver"), page("source-new", "/sources/new"), page("source-edit", "/sources/shadowserver/edit"),
		page("documents", "/documents"), page("document", "/documents/S3"), page("upload", "/documents/new"), page("reparse", "/documents/S3/reparse"),
		page("erase", "/documents/S3/erase"), page("quarantine", "/quarantine"), page("held", "/quarantine/Q1"), page("mutes", "/mutes"), page("mute-new", "/mutes/new"),
		page("organisations", "/organisations"), page("organisations-list", "/organisations?q=sai+gon"), page("organisation", "/organisations/P-SAI-GON"),
		page("organisation-addresses", "/organisations/P-SAI-GON?tab=address"), page("organisation-history", "/organisations/P-SAI-GON?tab=history"),
		page("organisation-edit", "/organisations/P-SAI-GON/edit"), page("organisation-new", "/organisations/new"), page("succession-new", "/successions/new"),
		page("map", "/map"), page("whose", "/whose?what=203.0.113.40"), page("import", "/estate/import"),
		page("contacts", "/contacts"), page("contact", "/contacts/C1"), page("contact-edit", "/contacts/C1/edit"), page("contact-new", "/contacts/new?organisation=P-SAI-GON"),
		page("contact-remove", "/contacts/C1/remove"), page("systems", "/systems"), page("system", "/systems/CDV-SG"), page("system-edit", "/systems/CDV-SG/edit"),
		page("addresses", "/addresses"), page("address", "/addresses/A1"), page("address-edit", "/addresses/A1/edit"), page("address-end", "/addresses/A1/end"),
		page("endpoints", "/endpoints"), page("software", "/software"),
		page("duty", "/duty"), page("shift-new", "/duty/shifts/new"), page("rotate", "/duty/rotate"), page("calls", "/duty/calls"), page("handovers", "/duty/handovers"),
		page("journal", "/journal"), page("entry", "/journal/5"), page("seal", "/journal/seal"), page("regime", "/regime"), page("health", "/health"),
	}
}

func TestEveryPageOfTheWorkOpensForTheCentre(t *testing.T) {
	h := city(t)
	h.manned()
	r := h.as(auth.Admin, "")
	for _, lang := range []string{"vi", "en"} {
		r.lang = lang
		for _, x := range workPages(h, r) {
			r.sees(x.path, http.StatusOK)
		}
	}
}

func TestEveryListOfTheWorkSaysWhyItIsEmpty(t *testing.T) {
	h := empty(t)
	r := h.as(auth.Admin, "")
	for _, path := range []string{
		"/warnings", "/deliveries", "/outbox", "/webhooks", "/bulk/warnings/send", "/sources", "/documents", "/documents/new", "/quarantine", "/mutes", "/organisations", "/organisations?q=x", "/map", "/whose?what=203.0.113.1",
		"/contacts", "/systems", "/addresses", "/endpoints", "/software", "/duty", "/duty/calls", "/duty/handovers", "/journal?noun=finding", "/regime", "/health", "/journal/seal",
	} {
		r.sees(path, http.StatusOK)
	}
}

// Pictures are kept where somebody wants to look at them.
func TestNoPageOfTheWorkIsWiderThanItsScreenOrHardToRead(t *testing.T) {
	h := city(t)
	h.manned()
	r := h.as(auth.Admin, "")
	browser := webtest.Open(t)
	folder, keep := shots(), shots() != ""
	if !keep {
		folder = t.TempDir()
	}
	officer := h.as(auth.Officer, "P-SAI-GON")
	pages := append(workPages(h, r),
		seen{"officer-warnings", "/warnings", officer}, seen{"officer-warning", "/warnings/W1", officer}, seen{"officer-organisation", "/organisations/P-SAI-GON", officer},
		seen{"officer-contacts", "/contacts", officer}, seen{"officer-delivery", "/outbox/D1", officer},
	)
	for _, x := range pages {
		r := x.reader
		if only := shotsOnly(); only != "" && !strings.Contains(only, x.name) {
			continue
		}
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			for _, lang := range []string{"vi", "en"} {
				r.lang = lang
				if keep || lang == "vi" {
					browser.Shot(h.server.URL+x.path, r.view(width), filepath.Join(folder, fmt.Sprintf("work-%s-%s-%d.png", x.name, lang, width)))
				}
			}
			if !keep {
				browser.Axe(h.server.URL+x.path, r.view(width))
			}
		}
	}
}

func TestTheWholeCityIsSeenAtOnce(t *testing.T) {
	h := metropolis(t)
	r := h.as(auth.Analyst, "")
	got := r.sees("/map", http.StatusOK)
	if n := strings.Count(got.text, `class="tile tone-`); n != 168 {
		t.Errorf("the map has %d tiles, want 168", n)
	}
	r.sees("/organisations", http.StatusOK, "Sáp nhập, chia tách")
	r.sees("/organisations?on=2025-06-30", http.StatusOK, "30/06/2025")
	folder := shots()
	if folder == "" {
		return
	}
	browser := webtest.Open(t)
	for name, path := range map[string]string{"map": "/map", "tree": "/organisations", "warnings": "/warnings", "sources": "/sources", "ward": "/organisations?q=sài+gòn"} {
		for _, width := range []int{webtest.Desk, webtest.Phone} {
			browser.Shot(h.server.URL+path, r.view(width), filepath.Join(folder, fmt.Sprintf("city-%s-%d.png", name, width)))
		}
	}
}

// shotsOnly names the pages to be looked at, "" for all.
func shotsOnly() string { return os.Getenv("TOCSIN_SHOTS_ONLY") }

// upload posts files and fields as a browser does.
func (a *reader) upload(path string, fields map[string]string, files map[string]string) answer {
	a.h.t.Helper()
	return a.send(path, fields, "file", files)
}

// send is upload for a field of another name.
func (a *reader) send(path string, fields map[string]string, field string, files map[string]string) answer {
	a.h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			a.h.t.Fatal(err)
		}
	}
	for name, text := range files {
		part, err := form.CreateFormFile(field, name)
		if err == nil {
			_, err = part.Write([]byte(text))
		}
		if err != nil {
			a.h.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		a.h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(a.h.t.Context(), http.MethodPost, a.h.server.URL+path, &body)
	if err != nil {
		a.h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return a.do(r)
}
