package intake

import (
	"bytes"
	"context"
	"io"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/archive"
	"tocsin/internal/watch/intake/mail"
	"tocsin/internal/watch/intake/sheetcsv"
)

// attachmentLimit bounds an attachment that has to be held in memory to be
// opened.
const attachmentLimit = 256 << 20

// senderHeld begins the reason of a mail whose sender is in doubt.
const senderHeld = "held, sender"

// A visit takes one text of a document.
type visit func(name string, in io.Reader) error

// unpack visits the texts of a document one after another: the members of an
// archive, the worksheets of a workbook, the parts of a mail. A document that is
// none of these is its only text.
func (r *Room) unpack(ctx context.Context, doc Document, source Source, take visit) error {
	file, err := r.Blobs.Random(ctx, doc.ref())
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, min(file.Size, headBytes))
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, file.Size), start); err != nil && file.Size > 0 {
		return err
	}
	if isMail(doc, source, start) {
		return r.openMail(doc, source, file, take)
	}
	return r.open(doc.File, file, file.Size, take)
}

// open visits the texts of a file that is no mail.
func (r *Room) open(name string, in io.ReaderAt, size int64, take visit) error {
	if sheetcsv.Looks(in, size) {
		return sheetcsv.Walk(in, size, sheetcsv.Limits{}, func(sheet string, text io.Reader) error { return take(name+"/"+sheet+".csv", text) })
	}
	limits := archive.Defaults()
	if r.Unpacked > 0 {
		limits.Total = r.Unpacked
	}
	return archive.Walk(name, in, size, limits, func(m archive.Member) error { return take(m.Path, m.Content) })
}

// openMail visits what a mail brings: its attachments, and its text where that is
// a report. A mail whose sender is in doubt is read when a person has vouched for
// it.
func (r *Room) openMail(doc Document, source Source, file io.ReaderAt, take visit) error {
	whole := io.NewSectionReader(file, 0, doc.Size)
	if doc.Vouched == "" {
		head, err := mail.ReadHead(whole)
		if err != nil {
			return err
		}
		if verdict, checked := mail.Judge(head, mail.Policy{Trusted: r.MailServers, Senders: source.senders()}); verdict.Held() {
			return errs.New(errs.Invalid, senderHeld+" %s: %q (DMARC %s, DKIM %s, SPF %s)", verdict, head.From, said(checked.DMARC), said(checked.DKIM), said(checked.SPF))
		}
		if _, err := whole.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	texts := 0
	_, err := mail.Walk(whole, mail.Limits{}, func(p mail.Part) error {
		name := p.Name
		if name == "" {
			name = "part-" + p.Path
		}
		if !p.Attachment && !strings.HasPrefix(p.Type, "text/") {
			return nil
		}
		if readByPeople(p.Type, name) {
			return nil // a letter: an analyst types what it says
		}
		content, err := io.ReadAll(io.LimitReader(p.Content, attachmentLimit+1))
		if err != nil {
			return err
		}
		if len(content) > attachmentLimit {
			return errs.New(errs.TooLarge, "attachment %s: more than %d bytes", name, attachmentLimit)
		}
		if !p.Attachment && !mail.LooksXARF(content) {
			return nil // what a person wrote around the attachments
		}
		texts++
		return r.open(name, bytes.NewReader(content), int64(len(content)), take)
	})
	if err == nil && texts == 0 {
		return errs.New(errs.Invalid, "the mail brings nothing that can be read by machine; type in what it says")
	}
	return err
}

// said is a result of Authentication-Results, none where nobody gave one.
func said(result string) string {
	if result == "" {
		return "none"
	}
	return word(result)
}

// readByPeople says whether an attachment is a letter or a picture.
func readByPeople(media, name string) bool {
	lower := strings.ToLower(name)
	for _, end := range []string{".pdf", ".docx", ".doc", ".png", ".jpg", ".jpeg", ".gif", ".p7s", ".asc", ".html", ".htm"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return strings.HasPrefix(media, "image/") || media == "application/pdf" || media == "text/html" || media == "application/pgp-signature"
}

// senders are the addresses and domains whose mail the source is.
func (s Source) senders() []string { return strings.Fields(strings.ReplaceAll(s.Senders, ",", " ")) }
