package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/mail"
	"tocsin/internal/watch/intake/row"
)

// crlf writes a message as it goes over the line.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

type part struct {
	Path, Name, Type, Text string
	Attachment             bool
}

func walk(in io.Reader, limits mail.Limits) (head mail.Head, parts []part, err error) {
	head, err = mail.Walk(in, limits, func(p mail.Part) error {
		b, err := io.ReadAll(p.Content)
		parts = append(parts, part{p.Path, p.Name, p.Type, string(b), p.Attachment})
		return err
	})
	return head, parts, err
}

const report = `Return-Path: <noc@partner.example>
Authentication-Results: mx.centre.example 1; spf=pass smtp.mailfrom=partner.example;
 dkim=pass header.d=partner.example; dmarc=pass (p=reject; dis=none) header.from=partner.example
Received: from mail.partner.example by mx.centre.example; Sun, 1 Mar 2026 07:12:31 +0700
From: =?UTF-8?B?VHJ1bmcgdMOibSBk4buvIGxp4buHdQ==?= <NOC@Partner.example>
To: tocsin@centre.example
Subject: =?UTF-8?Q?B=C3=A1o_c=C3=A1o?= =?UTF-8?Q?_ng=C3=A0y?=
Message-ID: <1@partner.example>
Date: Sun, 1 Mar 2026 07:12:30 +0700
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_outer"

This is a multi-part message.
--=_outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

See the table, caf=E9.=20
Soft =
break.
--inner
Content-Type: text/html

<p>See the table.
--inner--

--=_outer
Content-Type: text/csv; name="=?UTF-8?Q?b=C3=A1o_c=C3=A1o.csv?="
Content-Transfer-Encoding: base64

aXAsYXQKMjAzLjAu
MTEzLjcsMjAyNi0w
My0wMQo=
--=_outer
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*0*=UTF-8''d%E1%BB%AF%20; filename*1="li.txt"

a
b
--=_outer
Content-Type: message/rfc822

From: a@b.example
Subject: inside
Content-Type: text/plain

inner text

--=_outer--
footer
`

func TestAMessageIsTakenApart(t *testing.T) {
	want := []part{
		{"1.1", "", "text/plain", "See the table, café. \nSoft break.", false},
		{"1.2", "", "text/html", "<p>See the table.", false},
		{"2", "báo cáo.csv", "text/csv", "ip,at\n203.0.113.7,2026-03-01\n", true},
		{"3", "dữ li.txt", "application/octet-stream", "a\nb", true},
		{"4.1", "", "text/plain", "inner text\n", false},
	}
	for name, text := range map[string]string{"LF": report, "CRLF": crlf(report), "mbox line": "From noc@partner.example Sun Mar  1 00:12:30 2026\n" + report} {
		for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			head, parts, err := walk(in, mail.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i := range parts {
				parts[i].Text = strings.ReplaceAll(parts[i].Text, "\r\n", "\n")
			}
			if diff := cmp.Diff(want, parts); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
			if head.From != "noc@partner.example" || head.Name != "Trung tâm dữ liệu" || head.Subject != "Báo cáo ngày" || head.MessageID != "1@partner.example" ||
				!head.Date.Equal(time.Date(2026, 3, 1, 0, 12, 30, 0, time.UTC)) {
				t.Errorf("%s: %+v", name, head)
			}
		}
	}
}

func TestWhatCannotBeReadNamesThePartAndHidesNoOther(t *testing.T) {
	message := func(body string) string {
		return "From: a@b.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + body
	}
	for _, c := range []struct {
		name, text, fault string
		parts             int
	}{
		{"the last boundary is missing", message("--b\n\none\n--b\n\ntwo\n"), "part 2: the message breaks off", 2},
		{"damaged base64", message("--b\nContent-Transfer-Encoding: base64\n\naGVsbG8h!!!!\n--b\n\ntwo\n--b--\n"), "part 1: the base64 is damaged", 2},
		{"base64 that breaks off", message("--b\nContent-Transfer-Encoding: base64\n\naGVsbG8\n--b\n\ntwo\n--b--\n"), "part 1: the base64 breaks off", 2},
		{"a footer behind base64", message("--b\nContent-Transfer-Encoding: base64\n\naGVsbG8=\nlist footer\n--b--\n"), "part 1: text stands behind", 1},
		{"an unknown encoding", message("--b\nContent-Transfer-Encoding: x-uuencode\n\nbegin\n--b\n\ntwo\n--b--\n"), `part 1: unknown transfer encoding "x-uuencode"`, 1},
		{"no part at all", message("nothing\n"), "no part begins with the boundary", 0},
		{"no boundary named", "From: a@b.example\nSubject: x\nContent-Type: multipart/mixed\n\nbody\n", "names no boundary", 1},
		{"a bad header line", message("--b\nthis is no header\n\none\n--b--\n"), "a line of its header is none", 1},
		{"an inner multipart that never ends", message("--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n"), "part 1.1: the message breaks off", 2},
	} {
		_, parts, err := walk(strings.NewReader(c.text), mail.Limits{})
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.fault) || len(parts) != c.parts {
			t.Errorf("%s: %v, %d parts %+v", c.name, err, len(parts), parts)
		}
	}
	stop := errors.New("stop")
	if _, err := mail.Walk(strings.NewReader(report), mail.Limits{}, func(mail.Part) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the visitor's error: %v", err)
	}
}

func TestFileNamesAreTakenAsTheyWereMeant(t *testing.T) {
	for disposition, want := range map[string]string{
		`attachment; filename="a.csv"`:                       "a.csv",
		`attachment; filename=bao cao thang 3.csv; size=1`:   "bao cao thang 3.csv",
		`attachment; filename="C:\Users\lan\b.csv"`:          "b.csv",
		`attachment; filename="../../etc/passwd"`:            "passwd",
		`attachment; filename*=iso-8859-1'fr'caf%E9.csv`:     "café.csv",
		`attachment; filename="=?utf-8?B?YsOhby5jc3Y=?="`:    "báo.csv",
		`attachment; filename="a\"b.csv"; filename="second"`: `a"b.csv`,
		`attachment; filename*0="a"; filename*1="b"`:         "ab",
		`attachment`:                "",
		`attachment; filename=".."`: "",
		`attachment; filename*1*=b; filename*0*=UTF-8''%C3%A1`: "áb",
	} {
		_, parts, err := walk(strings.NewReader("From: a@b.example\nContent-Disposition: "+disposition+"\n\nx"), mail.Limits{})
		if err != nil || len(parts) != 1 || parts[0].Name != want {
			t.Errorf("%s: %v %+v, want %q", disposition, err, parts, want)
		}
	}
}

func TestLimitsHold(t *testing.T) {
	nested := "From: a@b.example\nContent-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 20 {
		nested += fmt.Sprintf("--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
	}
	for name, c := range map[string]struct {
		text   string
		limits mail.Limits
	}{
		"depth":  {nested, mail.Limits{}},
		"parts":  {report, mail.Limits{Parts: 3}},
		"total":  {report, mail.Limits{Total: 40}},
		"header": {report, mail.Limits{Header: 100}},
	} {
		if _, _, err := walk(strings.NewReader(c.text), c.limits); !errs.Is(err, errs.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := walk(strings.NewReader("\n\nbody"), mail.Limits{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("no header: %v", err)
	}
}

func TestASenderIsJudgedByWhatTheOwnServerFound(t *testing.T) {
	mine := []string{"mx.centre.example"}
	head := func(results ...string) mail.Head {
		text := ""
		for _, r := range results {
			text += "Authentication-Results: " + r + "\n"
		}
		h, err := mail.ReadHead(strings.NewReader(text + "From: NOC <noc@partner.example>\nSubject: x\n\n"))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, c := range []struct {
		name    string
		results []string
		policy  mail.Policy
		want    mail.Verdict
	}{
		{"passes", []string{"mx.centre.example; dmarc=pass header.from=partner.example"}, mail.Policy{Trusted: mine}, mail.Genuine},
		{"fails", []string{"mx.centre.example; spf=pass; dmarc=fail (p=none) header.from=partner.example"}, mail.Policy{Trusted: mine}, mail.Spoofed},
		{"a forged result below ours", []string{"MX.centre.example; dmarc=fail", "mx.centre.example; dmarc=pass"}, mail.Policy{Trusted: mine}, mail.Spoofed},
		{"only a stranger's result", []string{"mx.evil.example; dmarc=pass header.from=partner.example"}, mail.Policy{Trusted: mine}, mail.Unproven},
		{"none", []string{"mx.centre.example; none"}, mail.Policy{Trusted: mine}, mail.Unproven},
		{"passes for another", []string{"mx.centre.example; dmarc=pass header.from=evil.example"}, mail.Policy{Trusted: mine}, mail.Spoofed},
		{"a result in a comment", []string{"mx.centre.example (dmarc=pass); dmarc=temperror"}, mail.Policy{Trusted: mine}, mail.Unproven},
		{"nobody checks", nil, mail.Policy{}, mail.Unchecked},
		{"a listed domain", nil, mail.Policy{Senders: []string{"partner.example"}}, mail.Unchecked},
		{"a listed address", nil, mail.Policy{Senders: []string{"noc@PARTNER.example"}}, mail.Unchecked},
		{"not listed", nil, mail.Policy{Senders: []string{"ner.example", "other@partner.example"}}, mail.Stranger},
	} {
		if got, _ := mail.Judge(head(c.results...), c.policy); got != c.want || got.Held() != (c.want != mail.Genuine && c.want != mail.Unchecked) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	_, checked := mail.Judge(head("mx.centre.example 1; spf=softfail smtp.mailfrom=a; dkim=fail; dkim=pass header.d=b; dmarc=pass header.from=partner.example"), mail.Policy{Trusted: mine})
	if want := (mail.Checked{By: "mx.centre.example", From: "partner.example", SPF: "softfail", DKIM: "pass", DMARC: "pass"}); checked != want {
		t.Errorf("%+v", checked)
	}
	two, err := mail.ReadHead(strings.NewReader("From: noc@partner.example\nFrom: evil@evil.example\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := mail.Judge(two, mail.Policy{Senders: []string{"partner.example"}}); got != mail.Stranger || two.From != "" {
		t.Errorf("two senders: %s %+v", got, two)
	}
}

func TestLooksTellsMailByItsHeader(t *testing.T) {
	for text, want := range map[string]bool{
		report: true, crlf(report): true, "From a@b Sun Mar 1 2026\nFrom: a@b\nTo: c": true,
		"Subject: only\n\nx": false, "": false, "ip,at\n": false, "{\"From\": 1}": false, "From: a\n": false,
		"Reported-From: a@b.example\nCategory: abuse\n": false,
	} {
		if mail.Looks([]byte(text)) != want {
			t.Errorf("%.30q: %v", text, !want)
		}
	}
}

const yamlReport = `Reported-From: noc@partner.example
Category: abuse
Report-Type: login-attack
Service: ssh
Version: 0.2
User-Agent: watcher
Date: Sun, 01 Mar 2026 07:12:30 +0700
Source-Type: ip-address
Source: 203.0.113.7
Source-Port: 51022
Schema-URL: http://www.x-arf.example/schema/abuse_login-attack_0.1.2.json
Attachment: text/plain
`

func parseXARF(text string, skip int64) (rows []row.Row, bad []row.Bad, sum row.Summary, err error) {
	sum, err = mail.XARF{}.Parse(context.Background(), strings.NewReader(text), skip, func(r *row.Row, b *row.Bad) error {
		if r != nil {
			rows = append(rows, *r)
		} else {
			bad = append(bad, *b)
		}
		return nil
	})
	return rows, bad, sum, err
}

func TestAnAbuseReportIsARow(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 12, 30, 0, time.UTC)
	for _, c := range []struct {
		name, text    string
		asset         row.Asset
		kind          row.Kind
		discriminator string
		port          uint16
	}{
		{"v0.2", yamlReport, "ip:203.0.113.7", row.BruteForce, "ssh", 51022},
		{"v0.1 with dashes", "---\n" + strings.Replace(yamlReport, "login-attack", "phishing", 1) + "...\n", "ip:203.0.113.7", row.Phishing, "ssh", 51022},
		{
			"v3", `{"Version": "3", "ReporterInfo": {"ReporterOrg": "NOC"}, "Report": {"ReportClass": "Activity", "ReportType": "PortScan", "Date": "2026-03-01T07:12:30+07:00", "SourceIp": "2001:db8::7", "SourcePort": 53}}`,
			"ip:2001:db8::7", row.Scanning, "scanning", 53,
		},
		{
			"v4", `{"xarf_version": "4.0.0", "report_id": "x", "timestamp": "2026-03-01T00:12:30Z", "category": "content", "type": "phishing", "source_identifier": "hxxp://login[.]example.org/x", "confidence": 0.9}`,
			"url:http://login.example.org/x", row.Phishing, "http://login.example.org/x", 0,
		},
		{
			"v4 ddos", `{"xarf_version": "4.0.0", "timestamp": "2026-03-01T00:12:30Z", "category": "connection", "type": "ddos", "source_identifier": "203.0.113.9", "amplification_vector": "dns", "source_port": 53, "protocol": "UDP"}`,
			"ip:203.0.113.9", row.Amplifier, "53/udp", 53,
		},
	} {
		rows, bad, _, err := parseXARF(c.text, 0)
		if err != nil || len(rows) != 1 || len(bad) != 0 {
			t.Errorf("%s: %v %+v %+v", c.name, err, rows, bad)
			continue
		}
		r := rows[0]
		if r.Asset != c.asset || r.Kind != c.kind || r.Discriminator != c.discriminator || r.Port != c.port || !r.At.Equal(at) || r.Severity != c.kind.Severity() {
			t.Errorf("%s: %+v", c.name, r)
		}
		if !mail.LooksXARF([]byte(c.text)) {
			t.Errorf("%s does not look so", c.name)
		}
	}
	if mail.LooksXARF([]byte(report)) || mail.LooksXARF([]byte(`{"type": "bundle"}`)) || mail.LooksXARF(nil) {
		t.Error("something else looks like a report")
	}
}

func TestReportsThatCannotBeUsedGoToQuarantine(t *testing.T) {
	for _, c := range []struct {
		text  string
		fault row.Fault
		field string
	}{
		{strings.Replace(yamlReport, "203.0.113.7", "nobody", 1), row.FaultUnclear, "source"},
		{strings.Replace(yamlReport, "Source: 203.0.113.7\n", "", 1), row.FaultEmpty, "source"},
		{strings.Replace(yamlReport, "login-attack", "copyright-infringement", 1), row.FaultValue, "reporttype"},
		{strings.Replace(yamlReport, "07:12:30", "noon", 1), row.FaultTime, "date"},
		{"Source: [unclosed\n", row.FaultYAML, ""},
		{`{"xarf_version": "4", `, row.FaultTruncated, ""},
		{`{"xarf_version": "4", "a": tru}`, row.FaultJSON, ""},
	} {
		rows, bad, _, err := parseXARF(c.text, 0)
		if err != nil || len(rows) != 0 || len(bad) != 1 || bad[0].Fault != c.fault || bad[0].Field != c.field {
			t.Errorf("%.40q: %v %+v %+v", c.text, err, rows, bad)
		}
	}
	text := yamlReport + "---\n" + strings.Replace(yamlReport, "203.0.113.7", "x y", 1) + "---\n" + strings.Replace(yamlReport, "203.0.113.7", "203.0.113.8", 1)
	rows, bad, sum, err := parseXARF(text, 1)
	if err != nil || sum.Records != 3 || len(bad) != 1 || len(rows) != 1 || !strings.Contains(text[rows[0].Offset:rows[0].Offset+rows[0].Length], "203.0.113.8") {
		t.Errorf("several: %v %+v", err, sum)
	}
}

// FuzzWalk holds that no bytes make the walk panic, that it ends, and that what
// it gives is text fit for stores.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(report))
	f.Add([]byte("From: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--"))
	f.Add([]byte("From: a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQoKeA=="))
	f.Add([]byte(yamlReport))
	f.Fuzz(func(t *testing.T, text []byte) {
		head, parts, err := walk(bytes.NewReader(text), mail.Limits{Parts: 50, Total: 1 << 20})
		if err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
			t.Fatal(err)
		}
		for _, s := range []string{head.Name, head.From, head.Subject, head.MessageID} {
			if strings.ContainsAny(s, "\x00\r\n") {
				t.Fatalf("%q", s)
			}
		}
		for _, p := range parts {
			if !utf8.ValidString(p.Name) || strings.ContainsAny(p.Name, "/\x00\n") {
				t.Fatalf("name %q", p.Name)
			}
		}
		mail.Judge(head, mail.Policy{Trusted: []string{"a"}})
		mail.Looks(text)
		mail.LooksXARF(text)
		_, _, sum, err := parseXARF(string(text), 0)
		if err == nil && sum.Records != sum.Rows+sum.Bad {
			t.Fatalf("%+v", sum)
		}
	})
}
