package collect_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/archive"
	"tocsin/internal/watch/intake/mail"
	"tocsin/internal/watch/intake/sheetcsv"
)

// A postbox is a mailbox on a server of this test.
type postbox struct {
	*testing.T

	user *imapmemserver.User
	host string
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	user := imapmemserver.NewUser("tocsin", "pass:word")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	store := imapmemserver.New()
	store.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return store.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, InsecureAuth: true,
	})
	line, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(line) }()
	t.Cleanup(func() { _ = server.Close() })
	return &postbox{t, user, line.Addr().String()}
}

type literal struct {
	*bytes.Reader
}

func (l literal) Size() int64 { return l.Reader.Size() }

func (p *postbox) put(messages ...string) {
	p.Helper()
	for _, m := range messages {
		m = strings.ReplaceAll(m, "\n", "\r\n")
		if _, err := p.user.Append("INBOX", literal{bytes.NewReader([]byte(m))}, &imap.AppendOptions{Time: time.Unix(1e9, 0)}); err != nil {
			p.Fatal(err)
		}
	}
}

// unseen is how many messages nobody has seen, of how many.
func (p *postbox) unseen() (unseen, all uint32) {
	p.Helper()
	line, err := (&net.Dialer{}).DialContext(p.Context(), "tcp", p.host)
	if err != nil {
		p.Fatal(err)
	}
	client := imapclient.New(line, nil)
	defer func() { _ = client.Close() }()
	if err := client.Login("tocsin", "pass:word").Wait(); err != nil {
		p.Fatal(err)
	}
	st, err := client.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
	if err != nil {
		p.Fatal(err)
	}
	return *st.NumUnseen, *st.NumMessages
}

func zipped(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	if err == nil {
		_, err = io.WriteString(f, text)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xlsx(t *testing.T) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	var b bytes.Buffer
	err := errors.Join(book.SetCellValue("Sheet1", "A1", "ip"), book.SetCellValue("Sheet1", "A2", "203.0.113.9"), book.Write(&b))
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// attached is a message of a partner with one attachment; verdict is what the
// centre's server found of its sender.
func attached(id, verdict, name, media string, content []byte) string {
	coded := base64.StdEncoding.EncodeToString(content)
	var lines strings.Builder
	for len(coded) > 76 {
		lines.WriteString(coded[:76] + "\n")
		coded = coded[76:]
	}
	lines.WriteString(coded)
	return fmt.Sprintf(`Authentication-Results: mx.centre.example; dmarc=%s header.from=partner.example
From: NOC <noc@partner.example>
To: tocsin@centre.example
Subject: daily %s
Message-ID: <%s@partner.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: text/plain; charset=utf-8

See the attachment.
--outer
Content-Type: %s
Content-Disposition: attachment; filename="%s"
Content-Transfer-Encoding: base64

%s
--outer--
`, verdict, id, id, media, name, lines.String())
}

// readMail opens a delivered message as the reading stage does, and says what is
// in it.
func readMail(text string) (out []string) {
	policy := mail.Policy{Trusted: []string{"mx.centre.example"}, Senders: []string{"partner.example"}}
	head, err := mail.Walk(strings.NewReader(text), mail.Limits{}, func(p mail.Part) error {
		content, err := io.ReadAll(p.Content)
		if !p.Attachment {
			return err
		}
		in, size := bytes.NewReader(content), int64(len(content))
		switch {
		case err != nil:
			return err
		case sheetcsv.Looks(in, size):
			return sheetcsv.Walk(in, size, sheetcsv.Limits{}, func(name string, text io.Reader) error {
				b, err := io.ReadAll(text)
				out = append(out, p.Name+"/"+name+": "+string(b))
				return err
			})
		}
		return archive.Walk(p.Name, in, size, archive.Limits{}, func(m archive.Member) error {
			b, err := io.ReadAll(m.Content)
			out = append(out, m.Path+": "+string(b))
			return err
		})
	})
	verdict, _ := mail.Judge(head, policy)
	out = append([]string{string(verdict)}, out...)
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return out
}

func TestAMailboxDay(t *testing.T) {
	w, box := newWorld(t), newPostbox(t)
	good := attached("1", "pass", "report.csv", "text/csv", []byte("ip\n203.0.113.7\n"))
	broken := attached("2", "pass", "cut.csv", "text/csv", []byte("ip\n203.0.113.8\n"))
	broken = broken[:strings.Index(broken, "\n--outer--")-3]
	box.put(
		good,
		broken,
		attached("3", "fail", "fake.csv", "text/csv", []byte("ip\n203.0.113.66\n")), // From is right, DMARC says no
		good, // sent twice
		attached("4", "pass", "report.zip", "application/zip", zipped(t, "inner.csv", "ip\n203.0.113.10\n")),
		attached("5", "pass", "Bảng.xlsx", "application/octet-stream", xlsx(t)),
		attached("6", "pass", "letter.pdf", "application/pdf", []byte("%PDF-1.7\nCông văn")),
		strings.Replace(good, "noc@partner.example", "noc@elsewhere.example", 1),
	)
	s := w.source("mailbox", "imap://tocsin@"+box.host+"/INBOX", 10*time.Minute)
	if st, err := w.room.Look(t.Context(), s); !errs.Is(err, errs.Denied) || st.LastCode != "denied" {
		t.Fatalf("without the password: %v, %+v", err, st)
	}
	w.must(w.room.SetSecret(t.Context(), analyst(), "mailbox", "pass:word"))
	w.look(s)
	files, texts := w.texts("mailbox")
	if len(files) != 7 || w.count("document.again") != 1 || !strings.HasSuffix(files[0], "-1.eml") {
		t.Fatalf("%d documents %q, %d repetitions", len(files), files, w.count("document.again"))
	}
	var got [][]string
	for _, text := range texts {
		got = append(got, readMail(text))
	}
	want := [][]string{
		{"genuine", "report.csv: ip\n203.0.113.7\n"},
		{"genuine", "error: read mail, part 2: the base64 breaks off"},
		{"spoofed", "fake.csv: ip\n203.0.113.66\n"},
		{"genuine", "report.zip/inner.csv: ip\n203.0.113.10\n"},
		{"genuine", "Bảng.xlsx/Sheet1: ip\n203.0.113.9\n"},
		{"genuine", "letter.pdf: %PDF-1.7\nCông văn"},
		{"spoofed", "report.csv: ip\n203.0.113.7\n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if unseen, all := box.unseen(); unseen != 0 || all != 8 {
		t.Errorf("%d of %d messages are unseen", unseen, all)
	}
	w.look(s)
	box.put(attached("7", "pass", "late.csv", "text/csv", []byte("ip\n203.0.113.11\n")))
	w.look(s)
	if files, _ := w.texts("mailbox"); len(files) != 8 || !strings.HasSuffix(files[7], "-9.eml") || w.count("document.again") != 1 {
		t.Errorf("%q", files)
	}
	// The mailbox was made anew: everything is looked at, nothing comes in twice.
	w.must(box.user.Delete("INBOX"))
	w.must(box.user.Create("INBOX", nil))
	box.put(good, attached("8", "pass", "new.csv", "text/csv", []byte("ip\n203.0.113.12\n")))
	w.look(s)
	if files, _ := w.texts("mailbox"); len(files) != 9 || w.count("document.again") != 2 {
		t.Errorf("after the mailbox was made anew: %q", files)
	}
	same(t, "journal", w.verbs("mailbox"), []string{"source.failed", "source.secret", "source.recovered"})
}

func TestAMessageTooLargeIsLeftAndTheNextOneTaken(t *testing.T) {
	w, box := newWorld(t), newPostbox(t)
	box.put("From: a@partner.example\nSubject: large\n\n"+strings.Repeat("x\n", 1<<20), attached("1", "pass", "a.csv", "text/csv", []byte("ip\n")))
	s := w.source("mailbox", "imap://tocsin@"+box.host, 0)
	w.must(w.room.SetSecret(t.Context(), analyst(), "mailbox", "pass:word"))
	st := w.look(s)
	if files, _ := w.texts("mailbox"); len(files) != 1 || !strings.HasSuffix(files[0], "-2.eml") || !st.Next.IsZero() {
		t.Errorf("%q, %+v", files, st)
	}
	same(t, "journal", w.verbs("mailbox"), []string{"source.secret", "source.left"})
}

func TestAMailboxThatHangsEnds(t *testing.T) {
	w := newWorld(t)
	line, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	w.must(err)
	defer func() { _ = line.Close() }()
	s := w.source("mailbox", "imap://tocsin@"+line.Addr().String(), 0)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := w.room.Look(ctx, s); err != nil {
		t.Errorf("a look that was stopped: %v", err)
	}
}
