package deliver_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
	"tocsin/internal/watch/warning/warningtest"
)

func schema() []db.Migration { return append(warningtest.Schema(), deliver.Schema()...) }

// A town is a city with a post office.
type town struct {
	*warningtest.World
	post *deliver.Room
	sink *sink
	deps deliver.Deps
}

type evidence struct{}

func (evidence) EvidenceOf(_ context.Context, ids []int64, _ int) (rows []deliver.EvidenceRow, err error) {
	for _, id := range ids {
		rows = append(rows, deliver.EvidenceRow{
			Finding: id, Document: 1, Line: int(id) + 1, At: warningtest.Start(), Source: "nguồn 1",
			Header: []string{"ip", "tag"}, Fields: []string{"198.51.100.1", "=cmd|' /C calc'!A0"},
		})
	}
	return rows, nil
}

func build(t testing.TB, d *db.DB, s *sink, change func(*deliver.Settings)) *town {
	t.Helper()
	w := warningtest.New(t, d)
	if err := w.Texts.Add(deliver.Texts); err != nil {
		t.Fatal(err)
	}
	settings := deliver.Settings{
		PublicURL: func() string { return "http://tocsin.example:8080/" }, From: "Trung tâm <canhbao@trungtam.example>",
		Command: time.Second, Submission: time.Second, Loopback: true,
	}
	if s != nil {
		server, err := deliver.ParseSMTP("smtp://"+s.address, true)
		if err != nil {
			t.Fatal(err)
		}
		settings.SMTP = server
	}
	if change != nil {
		change(&settings)
	}
	deps := deliver.Deps{
		DB: d, Journal: w.Journal, Clock: w.Clock, Texts: w.Texts, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Warnings: w.Room, Evidence: evidence{}, Settings: settings,
	}
	c := &town{World: w, post: deliver.New(deps), sink: s, deps: deps}
	if err := c.post.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Body(1, 0, "1 so@thanhpho.example")
	for id := int64(10); id <= 20; id++ {
		w.Body(id, 1, fmt.Sprintf("1 cntt%d@px.example", id), fmt.Sprintf("2 vanphong%d@px.example", id))
	}
	return c
}

func (c *town) start() {
	c.Runner.Follow(c.post.Stage())
	c.Runner.Work(c.post.Workers()...)
	c.Run()
}

// each runs a suite on both engines with a post office and a sink.
func each(t *testing.T, suite func(t *testing.T, c *town)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := build(t, d, newSink(t), nil)
		c.start()
		suite(t, c)
	}, schema()...)
}

func (c *town) deliveries() []deliver.View {
	c.TB.Helper()
	list, err := c.post.List(c.TB.Context(), warningtest.Centre(), deliver.Query{})
	if err != nil {
		c.TB.Fatal(err)
	}
	return list
}

// read takes a mail apart: header, text part, HTML part, evidence.csv.
func read(t *testing.T, raw []byte) (head mail.Header, text, html, file string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(kind, encoding, name string, body io.Reader)
	walk = func(kind, encoding, name string, body io.Reader) {
		media, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(media, "multipart/") {
			parts := multipart.NewReader(body, params["boundary"])
			for {
				p, err := parts.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p)
			}
		}
		switch strings.ToLower(encoding) {
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case name == "evidence.csv":
			file = string(b)
		case media == "text/plain":
			text = string(b)
		case media == "text/html":
			html = string(b)
		}
	}
	walk(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
	return m.Header, text, html, file
}

func link(t *testing.T, text string) string {
	t.Helper()
	all := regexp.MustCompile(`https?://\S+`).FindAllString(text, -1)
	if len(all) != 1 || !strings.HasPrefix(all[0], "http://tocsin.example:8080/ack/") {
		t.Fatalf("addresses in the text part: %v, want exactly the acknowledgement link", all)
	}
	return strings.TrimPrefix(all[0], "http://tocsin.example:8080/ack/")
}

func TestAMailCarriesWhatTheContractPromises(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1,
			warningtest.Problem{Organisation: 10, Severity: row.Critical, Kind: row.Phishing, Asset: "url:http://phuong10.example/x", Detail: "https://phuong10.example/login"},
			warningtest.Problem{Organisation: 10, Severity: row.High, Kind: row.ExposedService, Detail: "=HYPERLINK(\"x\")"})
		c.Settle()
		got := c.sink.letters()
		if len(got) != 1 || got[0].to != "cntt10@px.example" || got[0].from != "canhbao@trungtam.example" {
			t.Fatalf("%d mails %+v", len(got), got)
		}
		head, text, html, file := read(t, got[0].body)
		d := c.deliveries()[0]
		if head.Get("X-Tocsin-Warning") != "W1" || head.Get("X-Tocsin-Delivery") != d.ID || head.Get("Message-Id") != d.MessageID {
			t.Errorf("headers %v, delivery %+v", head, d)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(head.Get("Subject"))
		if err != nil || !strings.HasPrefix(subject, "[TLP:AMBER] Cảnh báo W1") {
			t.Errorf("subject %q, %v", subject, err)
		}
		link(t, text)
		for _, want := range []string{"Kính gửi Ủy ban nhân dân phường 010", "hxxps://phuong10[.]example/login", "Trang lừa đảo", "Dịch vụ nội bộ mở ra Internet", "English summary", "Xác nhận trước: 10:00 23/11/2026"} {
			if !strings.Contains(text, want) {
				t.Errorf("the text part has no %q:\n%s", want, text)
			}
		}
		if strings.Count(html, "href=") != 1 || !strings.Contains(html, "max-width:600px") || strings.Contains(html, "<script") {
			t.Errorf("HTML part: %s", html)
		}
		if !strings.HasPrefix(file, "\uFEFF") {
			t.Error("evidence.csv has no byte order mark")
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\uFEFF"))).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Fatalf("evidence.csv: %d rows, %v", len(rows), err)
		}
		for _, cells := range rows {
			for _, cell := range cells {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
					t.Errorf("a cell is a formula: %q", cell)
				}
			}
		}
		if d.State != deliver.HandedOver || d.Attempts != 1 || !strings.HasPrefix(d.Reply, "250 ") {
			t.Errorf("ledger %+v", d)
		}
	})
}

func TestTheButtonAcknowledgesAndLookingDoesNot(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical})
		c.Settle()
		_, text, _, _ := read(t, c.sink.letters()[0].body)
		token := link(t, text)
		for range 3 {
			ack, err := c.post.AckLookup(t.Context(), token)
			if err != nil || ack.Done || ack.Warning.ID != "W1" || len(ack.Content.Groups) != 1 {
				t.Fatalf("%+v, %v", ack, err)
			}
		}
		if v := c.List()[0]; v.State != warning.Sent {
			t.Fatalf("looking made it %s", v.State)
		}
		for range 2 {
			ack, err := c.post.Acknowledge(t.Context(), token)
			if err != nil || !ack.Done {
				t.Fatalf("%+v, %v", ack, err)
			}
		}
		c.Settle()
		if v := c.List()[0]; v.State != warning.Acknowledged || v.AcknowledgedBy != "cntt10@px.example" {
			t.Errorf("%+v", v)
		}
		if d := c.deliveries()[0]; d.State != deliver.Acknowledged {
			t.Errorf("%+v", d)
		}
		forged := []byte(token)
		forged[8] ^= 'a' ^ 'b' // another letter, whatever it was
		if _, err := c.post.AckLookup(t.Context(), string(forged)); !errs.Is(err, errs.NotFound) {
			t.Errorf("a forged link: %v", err)
		}
		c.Advance(31 * 24 * time.Hour)
		if _, err := c.post.AckLookup(t.Context(), token); !errs.Is(err, errs.Gone) {
			t.Errorf("an old link: %v, want Gone", err)
		}
	})
}

func TestAnEndedWarningsLinkIsGone(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1, warningtest.Problem{Organisation: 10})
		c.Settle()
		_, text, _, _ := read(t, c.sink.letters()[0].body)
		token := link(t, text)
		if _, err := c.Room.Cancel(t.Context(), warningtest.Centre(), 1, "báo nhầm"); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		if _, err := c.post.Acknowledge(t.Context(), token); !errs.Is(err, errs.Gone) {
			t.Errorf("%v, want Gone", err)
		}
	})
}

func TestOneBadRecipientNeverStopsAnother(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		for i, who := range []string{"refuse", "grey", "stall", "drop", "lost", "deny", "busy"} {
			c.Body(int64(30+i), 1, "1 "+who+"@px.example")
		}
		var problems []warningtest.Problem
		for o := int64(10); o <= 20; o++ {
			problems = append(problems, warningtest.Problem{Organisation: o})
		}
		for o := int64(30); o <= 36; o++ {
			problems = append(problems, warningtest.Problem{Organisation: o})
		}
		c.Deliver(1, problems...)
		c.Settle()
		want := map[string]deliver.State{
			"refuse@px.example": deliver.Bounced, "grey@px.example": deliver.Deferred, "stall@px.example": deliver.Uncertain,
			"drop@px.example": deliver.Uncertain, "lost@px.example": deliver.Uncertain, "deny@px.example": deliver.Failed, "busy@px.example": deliver.Deferred,
		}
		for _, d := range c.deliveries() {
			if d.Reason != "sent" {
				continue
			}
			state, bad := want[d.Recipient]
			if !bad {
				state = deliver.HandedOver
			}
			if d.State != state && (!strings.HasPrefix(d.Recipient, "drop") || d.State != deliver.Deferred) {
				t.Errorf("%s is %s (%s), want %s", d.Recipient, d.State, d.Reply, state)
			}
		}
		// What bounced and what was not wanted climbs at once to the parent.
		climbed := 0
		for _, d := range c.deliveries() {
			if d.Reason == "escalated" && d.Recipient == "so@thanhpho.example" {
				climbed++
			}
		}
		if climbed != 2 {
			t.Errorf("%d climbed, want the bounced and the unwanted", climbed)
		}
		// Later the rest arrives, each under the Message-ID of its first attempt.
		c.Advance(2 * time.Minute)
		for _, d := range c.deliveries() {
			if d.Reason != "sent" || want[d.Recipient] == deliver.Bounced || want[d.Recipient] == deliver.Failed || d.Recipient == "busy@px.example" {
				continue
			}
			if d.State != deliver.HandedOver {
				t.Errorf("%s is %s (%s) after two minutes", d.Recipient, d.State, d.Reply)
			}
		}
		ids := map[string]bool{}
		for _, l := range c.sink.letters() {
			if l.to == "lost@px.example" {
				head, _, _, _ := read(t, l.body)
				ids[head.Get("Message-Id")] = true
			}
		}
		if len(ids) != 1 {
			t.Errorf("Message-IDs of the repeated mail: %v, want one", ids)
		}
	})
}

func TestAfterManyAttemptsItIsGivenUp(t *testing.T) {
	d := dbtest.SQLite(t, schema()...)
	c := build(t, d, newSink(t), func(s *deliver.Settings) { s.AttemptsMost = 3 })
	c.Body(30, 1, "1 busy@px.example")
	c.start()
	c.Deliver(1, warningtest.Problem{Organisation: 30})
	c.Settle()
	c.Advance(6 * time.Minute)
	c.Advance(20 * time.Minute)
	first := c.deliveries()[0]
	if first.State != deliver.Failed || first.Attempts != 3 {
		t.Errorf("%+v, want failed after three attempts", first)
	}
	_, attempts, err := c.post.Get(t.Context(), warningtest.Centre(), first.Delivery.ID)
	if err != nil || len(attempts) != 3 || attempts[0].Outcome != deliver.Deferred {
		t.Errorf("%+v, %v", attempts, err)
	}
}

func TestWhatADeadProcessHeldIsUncertainAndGoesOutAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := build(t, d, newSink(t), nil)
		c.start()
		c.Body(30, 1, "1 stall@px.example")
		c.Deliver(1, warningtest.Problem{Organisation: 30})
		deadline := time.Now().Add(10 * time.Second)
		for c.deliveriesIn("uncertain") == 0 && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		// As a kill in the middle of a message leaves it.
		c.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE delivery SET waiting = 3, node = 'dead mail', state = 'due'`)
			return err
		})
		c.Runner.Stop()
		again := deliver.New(c.deps)
		if err := again.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		runner := journal.NewRunner(d, c.Journal, c.Clock, slog.New(slog.NewTextHandler(t.Output(), nil)))
		runner.Work(again.Workers()...)
		if err := runner.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(runner.Stop)
		for c.sink.count() == 0 && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		if got := c.sink.count(); got != 1 {
			t.Fatalf("%d mails after the restart, want 1", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := runner.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		var verbs []string
		for _, e := range c.Entries(deliver.VerbDue, deliver.VerbUncertain, deliver.VerbHandedOver) {
			verbs = append(verbs, strings.TrimPrefix(e.Verb, "delivery."))
		}
		if !slices.Equal(verbs, []string{"due", "uncertain", "uncertain", "handed_over"}) {
			t.Errorf("entries %v", verbs)
		}
	}, schema()...)
}

func (c *town) deliveriesIn(state string) (n int) {
	for _, d := range c.deliveries() {
		if string(d.State) == state {
			n++
		}
	}
	return n
}

func TestWithoutAServerMailStaysInTheOutbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := build(t, d, nil, nil)
		c.start()
		c.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11})
		c.Settle()
		list, err := c.post.List(t.Context(), warningtest.Centre(), deliver.Query{Outbox: true})
		if err != nil || len(list) != 2 || list[0].State != deliver.HandedOver || !list[0].Outbox {
			t.Fatalf("%+v, %v", list, err)
		}
		raw, err := c.post.Raw(t.Context(), warningtest.Centre(), list[0].Delivery.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _, _ := read(t, raw)
		if _, err := c.post.Acknowledge(t.Context(), link(t, text)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.post.Raw(t.Context(), warningtest.Officer("a@px.example", 10), list[0].Delivery.ID); !errs.Is(err, errs.Denied) {
			t.Errorf("an officer reads a raw mail with its link: %v", err)
		}
	}, schema()...)
}

func TestADeadServerCostsNoAttempts(t *testing.T) {
	d := dbtest.SQLite(t, schema()...)
	s := newSink(t)
	address := s.address
	c := build(t, d, s, func(set *deliver.Settings) {
		dead := *set.SMTP
		dead.Address = "127.0.0.1:1"
		set.SMTP = &dead
	})
	_ = address
	c.start()
	c.Deliver(1, warningtest.Problem{Organisation: 10})
	deadline := time.Now().Add(5 * time.Second)
	for c.post.Down() == "" && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	list := c.deliveries()
	if len(list) != 1 || list[0].State != deliver.Due || list[0].Attempts != 0 || c.post.Down() == "" {
		t.Errorf("%+v, down %q", list, c.post.Down())
	}
}

func TestAWarningTakenBackDoesNotGoOut(t *testing.T) {
	d := dbtest.SQLite(t, schema()...)
	c := build(t, d, newSink(t), nil)
	c.Runner.Follow(c.post.Stage())
	c.Run()
	c.Deliver(1, warningtest.Problem{Organisation: 10})
	c.Settle()
	if _, err := c.Room.Cancel(t.Context(), warningtest.Centre(), 1, "báo nhầm"); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := c.deliveries(); list[0].State != deliver.Failed || !strings.HasPrefix(list[0].Reply, "withdrawn") {
		t.Errorf("%+v", list)
	}
}

func TestTheParentOfAmberStrictGetsANoticeWithoutContent(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1, warningtest.Problem{Organisation: 10, Severity: row.Critical, TLP: tlp.AmberStrict, Detail: "bimat-443"})
		c.Settle()
		c.Advance(2 * time.Hour)
		told := map[string]bool{}
		for _, l := range c.sink.letters() {
			_, text, html, file := read(t, l.body)
			link(t, text)
			told[l.to] = strings.Contains(text, "bimat") && strings.Contains(html, "bimat") && strings.Contains(file, "F1")
			if !told[l.to] && (strings.Contains(text+html+file, "bimat") || strings.Contains(file, "F1")) {
				t.Errorf("to %s: %s %s", l.to, text, file)
			}
		}
		want := map[string]bool{"cntt10@px.example": true, "vanphong10@px.example": true, "so@thanhpho.example": false}
		if !maps.Equal(told, want) {
			t.Errorf("with content: %v, want %v", told, want)
		}
	})
}

func TestAStormMailsTheDutyOfficerOnce(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		var problems []warningtest.Problem
		for o := int64(100); o < 125; o++ {
			c.Body(o, 1, fmt.Sprintf("1 cntt%d@px.example", o))
			problems = append(problems, warningtest.Problem{Organisation: o, Cause: "http://c2.example/x"})
		}
		c.Deliver(1, problems...)
		c.Settle()
		got := c.sink.letters()
		if len(got) != 1 || got[0].to != "truc@trungtam.example" {
			t.Fatalf("%d mails %+v, want the one alarm", len(got), got)
		}
		head, text, _, _ := read(t, got[0].body)
		if head.Get("X-Tocsin-Warning") == "" || !strings.Contains(text, "25 đơn vị") {
			t.Errorf("%v %s", head, text)
		}
		token := link(t, text)
		if ack, err := c.post.Acknowledge(t.Context(), token); err != nil || !ack.Done {
			t.Errorf("%+v, %v", ack, err)
		}
		for _, v := range c.List() {
			if v.State != warning.Draft {
				t.Errorf("reading the alarm made %s %s", v.ID, v.State)
			}
		}
	})
}

func TestALetterIsSetAndRecordedByAPerson(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		var problems []warningtest.Problem
		for range 12 {
			problems = append(problems, warningtest.Problem{Organisation: 10, Kind: row.C2Contact, Severity: row.Critical})
		}
		c.Deliver(1, problems...)
		c.Settle()
		if _, err := c.Room.MakeLetter(t.Context(), warningtest.Centre(), 1); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		list, err := c.post.List(t.Context(), warningtest.Centre(), deliver.Query{Channels: []warning.Channel{warning.ByLetter}})
		if err != nil || len(list) != 1 || list[0].State != deliver.Due {
			t.Fatalf("%+v, %v", list, err)
		}
		id := list[0].Delivery.ID
		docx, err := c.post.Letter(t.Context(), warningtest.Centre(), id, deliver.DOCX)
		if err != nil || !bytes.HasPrefix(docx, []byte("PK")) {
			t.Errorf("DOCX: %d bytes, %v", len(docx), err)
		}
		pdf, err := c.post.Letter(t.Context(), warningtest.Centre(), id, deliver.PDF)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Errorf("PDF: %d bytes, %v", len(pdf), err)
		}
		if _, err := c.post.Record(t.Context(), warningtest.Centre(), id, deliver.ResultReached, ""); !errs.Is(err, errs.Invalid) {
			t.Errorf("a letter that was telephoned: %v", err)
		}
		if v, err := c.post.Record(t.Context(), warningtest.Centre(), id, deliver.ResultPosted, "số 12/TTATTT"); err != nil || v.State != deliver.HandedOver {
			t.Errorf("%+v, %v", v, err)
		}
		if v, err := c.post.Record(t.Context(), warningtest.Centre(), id, deliver.ResultReceived, ""); err != nil || v.State != deliver.Delivered || v.Attempts != 2 {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

func TestCallsPortalAndMailFollowTheRule(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		_, err := c.Room.SetRule(t.Context(), warningtest.Centre(), warning.Rule{Place: 1, Name: "mọi kênh", Then: warning.Then{
			Channels: []warning.Channel{warning.ByMail, warning.ByCall, warning.ByPortal},
		}})
		if err != nil {
			t.Fatal(err)
		}
		c.Deliver(1, warningtest.Problem{Organisation: 10})
		c.Settle()
		list := c.deliveries()
		if len(list) != 3 || list[0].State != deliver.HandedOver || list[1].Channel != warning.ByCall || list[1].State != deliver.Due || list[2].State != deliver.HandedOver {
			t.Fatalf("%+v", list)
		}
		for _, step := range []struct {
			result deliver.Result
			want   deliver.State
		}{{deliver.ResultNoAnswer, deliver.Deferred}, {deliver.ResultReached, deliver.Delivered}} {
			if v, err := c.post.Record(t.Context(), warningtest.Centre(), list[1].Delivery.ID, step.result, "gặp chị Lan"); err != nil || v.State != step.want {
				t.Errorf("%s: %+v, %v", step.result, v, err)
			}
		}
	})
}

func TestAWebhookIsSignedAndGuarded(t *testing.T) {
	type call struct {
		head http.Header
		body []byte
	}
	calls := make(chan call, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, body}
	}))
	defer server.Close()
	admin := auth.Actor{ID: 9, Email: "admin@trungtam.example", Role: auth.Admin, Scope: auth.All(), Via: auth.ViaToken}
	d := dbtest.SQLite(t, schema()...)
	c := build(t, d, nil, nil)
	c.start()
	for _, bad := range []string{"http://example.com/", "https://10.0.0.1/", "https://[fd00::1]/", "ftp://a/", "https://u:p@a/", "https://169.254.169.254/"} {
		if _, err := c.post.AddHook(t.Context(), admin, deliver.Hook{URL: bad}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want Invalid", bad, err)
		}
	}
	h, err := c.post.AddHook(t.Context(), admin, deliver.Hook{URL: server.URL + "/in", Organisation: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.post.AddHook(t.Context(), admin, deliver.Hook{URL: server.URL + "/away"}); err != nil {
		t.Fatal(err)
	}
	c.Deliver(1, warningtest.Problem{Organisation: 10})
	c.Settle()
	got := <-calls
	at := got.head.Get("Webhook-Timestamp")
	var seconds int64
	if _, err := fmt.Sscan(at, &seconds); err != nil {
		t.Fatal(err)
	}
	want, err := deliver.Sign(h.Secret, got.head.Get("Webhook-Id"), time.Unix(seconds, 0), got.body)
	if err != nil || got.head.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q, %v", got.head.Get("Webhook-Signature"), want, err)
	}
	var body struct {
		Type string       `json:"type"`
		Data warning.View `json:"data"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Type != "warning.sent" || body.Data.ID != "W1" {
		t.Errorf("%s, %v", got.body, err)
	}
	for _, v := range c.deliveries() {
		if strings.HasSuffix(v.Recipient, "/away") && (v.State != deliver.Deferred || !strings.Contains(v.Reply, "not public")) {
			t.Errorf("the redirect to a private address: %+v", v)
		}
	}
}

// TestSignFollowsTheStandard uses the example of the Standard Webhooks reference
// libraries.
func TestSignFollowsTheStandard(t *testing.T) {
	got, err := deliver.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if err != nil || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestADeliveryIsListedIfAndOnlyIfItMayBeViewed(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11}, warningtest.Problem{Organisation: 12})
		c.Settle()
		c.Advance(5 * time.Hour)
		for _, organisations := range [][]int64{{10}, {11, 12}, {99}} {
			a := warningtest.Officer("a@px.example", organisations...)
			list, err := c.post.List(t.Context(), a, deliver.Query{})
			if err != nil {
				t.Fatal(err)
			}
			listed := map[string]bool{}
			for _, v := range list {
				listed[v.ID] = true
			}
			for _, v := range c.deliveries() {
				_, _, err := c.post.Get(t.Context(), a, v.Delivery.ID)
				if (err == nil) != listed[v.ID] {
					t.Errorf("%v: %s listed %v, view %v", organisations, v.ID, listed[v.ID], err)
				}
			}
		}
	})
}

func TestTimelinessTellsHowFastItWas(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 11})
		c.Settle()
		c.Clock.Advance(30 * time.Minute)
		if _, err := c.Room.Acknowledge(t.Context(), warningtest.Officer("a@px.example", 10), 1); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		list, err := c.post.Timeliness(t.Context(), warningtest.Centre(), time.Time{})
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		one := list[0]
		if one.Organisation != "PX010" || one.Source != "nguồn 1" || one.Warnings != 1 || *one.ReceivedP50 != 3600 || *one.HandedP90 != 0 || *one.AcknowledgedP50 != 1800 {
			t.Errorf("%+v", one)
		}
		if list[1].AcknowledgedP50 != nil {
			t.Errorf("%+v, want no figure without a case", list[1])
		}
	})
}

func TestEveryDeliveryIsAsItsEntriesLeftIt(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Body(30, 1, "1 refuse@px.example")
		c.Body(31, 1, "1 grey@px.example")
		c.Deliver(1, warningtest.Problem{Organisation: 10}, warningtest.Problem{Organisation: 30}, warningtest.Problem{Organisation: 31})
		c.Settle()
		c.Advance(5 * time.Hour)
		_, text, _, _ := read(t, c.sink.letters()[0].body)
		if _, err := c.post.Acknowledge(t.Context(), link(t, text)); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		said := map[string]string{}
		c.Read(func(tx *db.Tx) error {
			var bodies []string
			if err := tx.Select(&bodies, `SELECT records FROM journal_body ORDER BY seq`); err != nil {
				return err
			}
			for _, body := range bodies {
				var records []journal.Record
				if err := json.Unmarshal([]byte(body), &records); err != nil {
					return err
				}
				for _, r := range records {
					said[r.Kind+r.ID] = r.Hash
				}
			}
			n := 0
			err := deliver.Audit().Scan(tx, func(id, hash string) error {
				n++
				if said["delivery"+id] != hash {
					t.Errorf("%s is not as its last entry left it", id)
				}
				return nil
			})
			if n == 0 {
				t.Error("nothing to verify")
			}
			return err
		})
	})
}

func TestAPreviewHasNoLink(t *testing.T) {
	d := dbtest.SQLite(t, schema()...)
	c := build(t, d, nil, nil)
	c.start()
	c.Deliver(1, warningtest.Problem{Organisation: 10})
	c.Settle()
	m, err := c.post.Preview(t.Context(), warningtest.Centre(), 1, "en")
	if err != nil || strings.Contains(m.Text+m.HTML, "/ack/") || !strings.Contains(m.Text, "To Ward 010,") {
		t.Errorf("%s, %v", m.Text, err)
	}
	if err := c.Texts.Check(); err != nil {
		t.Error(err)
	}
}

func TestANoteIsMailedAndReadByNobodyButAnAdmin(t *testing.T) {
	each(t, func(t *testing.T, c *town) {
		c.Write(func(tx *db.Tx) error {
			return c.post.Note(tx, deliver.Note{To: "moi@px.example", Template: "invite", Args: map[string]string{
				"secret": "abc123", "name": "Lan", "email": "moi@px.example", "language": "vi", "expires": "2026-11-25T02:00:00Z",
			}})
		})
		d := c.deliveries()[0]
		if _, err := c.post.Raw(t.Context(), warningtest.Centre(), d.Delivery.ID); !errs.Is(err, errs.Denied) {
			t.Errorf("an analyst reads it: %v", err)
		}
		c.Settle()
		got := c.sink.letters()
		if len(got) != 1 || got[0].to != "moi@px.example" {
			t.Fatalf("%d mails", len(got))
		}
		_, text, _, _ := read(t, got[0].body)
		if !strings.Contains(text, "http://tocsin.example:8080/invite/abc123") || !strings.Contains(text, "09:00 25/11/2026") {
			t.Error(text)
		}
	})
}
