package deliver

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/warning"
)

// A Cover is what keeps a mail's content from others on its way, or why nothing
// could. Whoever gave a key expects encryption: when no key of theirs can be
// used, whatever the marking, they get a notice without the content. Whoever gave
// none gets it in clear.
type Cover string

// The covers.
const (
	Bare        Cover = "" // no key is known
	ByPGP       Cover = "pgp"
	BySMIME     Cover = "smime"
	KeyExpired  Cover = "key-expired"
	KeyRevoked  Cover = "key-revoked"
	KeyUnusable Cover = "key-unusable"
)

// Covers are all covers but Bare.
func Covers() []Cover { return []Cover{ByPGP, BySMIME, KeyExpired, KeyRevoked, KeyUnusable} }

// Withholds says whether the mail goes out without its content.
func (c Cover) Withholds() bool {
	switch c {
	case KeyExpired, KeyRevoked, KeyUnusable:
		return true
	case Bare, ByPGP, BySMIME:
	}
	return false
}

// Keys knows the keys of those who get mail, inside the caller's bracket.
type Keys interface {
	// KeysOf are the keys for mail to an address, whatever its case; none is no
	// error.
	KeysOf(tx *db.Tx, email string) ([]Key, error)
}

// A Key is a public key as somebody handed it in.
type Key struct {
	Kind envelope.Kind
	Text string
}

// cover finds how mail to a recipient is covered at an instant: with the first
// key that can be used, else by the trouble of the first.
func (r *Room) cover(tx *db.Tx, d *Delivery, at time.Time) (Cover, *envelope.Recipient, error) {
	if r.Keys == nil || d.Channel != warning.ByMail {
		return Bare, nil, nil
	}
	keys, err := r.Keys.KeysOf(tx, d.Recipient)
	if err != nil {
		return Bare, nil, err
	}
	first := Bare
	for _, k := range keys {
		trouble := envelope.Unusable
		recipient, err := envelope.Parse(k.Kind, k.Text)
		if err == nil {
			if trouble = recipient.At(at); trouble == envelope.Sound {
				return Cover(k.Kind), recipient, nil
			}
		}
		if first == Bare {
			first = Cover("key-" + string(trouble))
		}
	}
	if strings.HasPrefix(d.Verb, verbNote) {
		// A note is about an account and marked with nothing; without it nobody gets in.
		first = Bare
	}
	return first, nil, nil
}

// decide settles how a mail is covered before it goes out. Once a notice has gone
// out its link is in clear, so a delivery that withholds does so for good: a key
// that is put right helps the next delivery.
func (r *Room) decide(tx *db.Tx, d *Delivery) (changed bool, err error) {
	if d.Cover.Withholds() {
		return false, nil
	}
	cover, _, err := r.cover(tx, d, r.Clock.Now())
	changed = cover != d.Cover
	d.Cover = cover
	return changed, err
}

// withheld is what a mail says in place of its content: that something waits, how
// grave it is and until when, and why it cannot be told here.
func withheld(v i18n.Voice, c warning.Content, w *warning.Warning, d *Delivery) warning.Content {
	severity := v.T("warning.severity." + c.Severity.String())
	out := warning.Content{
		Language: c.Language, Marking: c.Marking, Severity: c.Severity, Greeting: c.Greeting, Action: c.Action, Hint: c.Hint, Headings: c.Headings,
		Subject: v.T("deliver.withheld.subject", "id", w.ID.String(), "severity", severity),
		Lead:    v.T("deliver.withheld." + string(d.Cover)),
		Facts: []warning.Fact{
			{Label: v.T("warning.fact.warning"), Value: w.ID.String()},
			{Label: v.T("warning.fact.severity"), Value: severity},
		},
		Short: v.T("deliver.withheld.short", "id", w.ID.String(), "severity", severity),
	}
	if !w.Due.IsZero() {
		out.Facts = append(out.Facts, warning.Fact{Label: v.T("warning.fact.due"), Value: v.DateTime(w.Due)})
	}
	return out
}

// enclosed signs a mail, where the centre has a key, and encrypts it, where the
// recipient has one.
func (r *Room) enclosed(ctx context.Context, d *Delivery, subject string, plain []byte) ([]byte, error) {
	now := r.Clock.Now()
	var recipient *envelope.Recipient
	if d.Cover == ByPGP || d.Cover == BySMIME {
		var cover Cover
		err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
			cover, recipient, err = r.cover(tx, d, now)
			return err
		})
		if err != nil {
			return nil, err
		}
		if cover != d.Cover {
			return nil, errs.New(errs.Conflict, "encrypt %s: the recipient's key changed meanwhile", d.ID)
		}
	}
	signer := r.Settings.Signer
	if signer != nil {
		if trouble := signer.At(now); trouble != envelope.Sound {
			r.Log.Warn("mail goes out unsigned", "delivery", d.ID.String(), "key", signer.Fingerprint, "trouble", string(trouble))
			signer = nil
		}
	}
	if recipient == nil && signer == nil {
		return plain, nil
	}
	fields, body, err := parted(plain)
	if err != nil {
		return nil, err
	}
	if recipient == nil {
		signed, err := signer.Sign(joined(fields.only(aboutContent), body), now)
		return joined(fields.only(aboutMessage), nil, signed...), err
	}
	outer := fields.only(seenByAll)
	for i, f := range outer {
		if f.is("Subject") {
			outer[i] = field("Subject: " + discreet(d, subject))
		}
	}
	sealed, err := recipient.Encrypt(joined(protected(fields, outer), body), now, signer)
	return joined(append(outer, "MIME-Version: 1.0"), nil, sealed...), err
}

// discreet is the subject of an encrypted mail as everybody on its way reads it.
func discreet(d *Delivery, subject string) string {
	marking, _, marked := strings.Cut(subject, "] ")
	if !marked || d.Warning == 0 {
		return "[...]" // RFC 9788, 3.2.1
	}
	return marking + "] " + d.Warning.String()
}

// A field is a header field, folded as it stands, without its last line end.
type field string

func (f field) is(name string) bool {
	return len(f) > len(name) && f[len(name)] == ':' && strings.EqualFold(string(f[:len(name)]), name)
}

type fields []field

func (all fields) only(keep func(field) bool) (kept fields) {
	for _, f := range all {
		if keep(f) {
			kept = append(kept, f)
		}
	}
	return kept
}

func aboutContent(f field) bool { return strings.HasPrefix(strings.ToLower(string(f)), "content-") }

// aboutMessage are the fields that stay outside a signature; MIME-Version is one.
func aboutMessage(f field) bool { return !aboutContent(f) }

// seenByAll are the fields that stay outside an encryption.
func seenByAll(f field) bool {
	return slices.ContainsFunc([]string{
		"From", "To", "Date", "Message-ID", "Subject", "X-Tocsin-Warning", "X-Tocsin-Delivery", "Auto-Submitted", "X-Auto-Response-Suppress",
	}, f.is)
}

// protected are the fields of what is encrypted: all of the message, what of
// them others see (RFC 9788, 2.2), and the marks by which mail programs know
// that these are the true ones; those of before RFC 9788 look for
// protected-headers.
func protected(all, outer fields) (inner fields) {
	for _, f := range all {
		switch {
		case f.is("MIME-Version"):
			continue
		case f.is("Content-Type"):
			f += ";\r\n hp=\"cipher\"; protected-headers=\"v1\""
		}
		inner = append(inner, f)
	}
	for _, f := range outer {
		inner = append(inner, "HP-Outer: "+f)
	}
	return inner
}

// parted takes a message apart: its header fields and its body.
func parted(message []byte) (fields, []byte, error) {
	head, body, ok := bytes.Cut(message, []byte("\r\n\r\n"))
	if !ok {
		return nil, nil, errs.New(errs.Internal, "a message without an empty line")
	}
	var all fields
	for l := range strings.SplitSeq(string(head), "\r\n") {
		if (strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t")) && len(all) > 0 {
			all[len(all)-1] += field("\r\n" + l)
			continue
		}
		all = append(all, field(l))
	}
	return all, body, nil
}

// joined sets fields before a body; or, without one, before an entity that brings
// fields of its own.
func joined(head fields, body []byte, entity ...byte) []byte {
	var b bytes.Buffer
	for _, f := range head {
		b.WriteString(string(f) + "\r\n")
	}
	if len(entity) > 0 {
		b.Write(entity)
		return b.Bytes()
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
