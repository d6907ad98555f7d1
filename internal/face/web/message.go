package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

// A message is mail taken apart for reading.
type message struct {
	Header mail.Header
	Text   string
	HTML   string
	Files  []string
	Sealed bool // encrypted: only its recipient can read it
}

// framePolicy is the policy of the frame in which the HTML of a mail is shown:
// it may be styled and nothing else, and only our own pages may frame it.
const framePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"

// messageDepth is how deep parts may lie within parts; ours lie four deep.
const messageDepth = 8

// readMessage takes a message apart.
func readMessage(raw []byte) (message, error) {
	in, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return message{}, errs.New(errs.Internal, "read a message of ours: %w", err)
	}
	m := message{Header: in.Header}
	err = m.take(in.Header.Get("Content-Type"), in.Header.Get("Content-Disposition"), in.Header.Get("Content-Transfer-Encoding"), in.Body, 0)
	return m, err
}

// take adds one part, and the parts within it.
func (m *message) take(kind, disposition, encoding string, body io.Reader, depth int) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain" // RFC 2045 §5.2: what says nothing is plain text.
	}
	if media == "multipart/encrypted" || strings.HasPrefix(params["smime-type"], "enveloped") {
		m.Sealed = true
		return nil
	}
	if strings.HasPrefix(media, "multipart/") {
		if depth == messageDepth {
			return errs.New(errs.Internal, "read a message of ours: parts within parts within parts")
		}
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return errs.New(errs.Internal, "read a message of ours: %w", err)
			}
			h := part.Header
			if err := m.take(h.Get("Content-Type"), h.Get("Content-Disposition"), h.Get("Content-Transfer-Encoding"), part, depth+1); err != nil {
				return err
			}
		}
	}
	if _, file, err := mime.ParseMediaType(disposition); err == nil && file["filename"] != "" {
		m.Files = append(m.Files, file["filename"])
		return nil
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return errs.New(errs.Internal, "read a message of ours: %w", err)
	}
	switch media {
	case "text/plain":
		m.Text += string(text)
	case "text/html":
		m.HTML += string(text)
	}
	return nil
}

// decoded is a header as people read it.
func (m message) decoded(name string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
	if err != nil {
		return m.Header.Get(name)
	}
	return text
}

// messagePanel shows what a delivery says: mail as text and as its recipient
// sees it, a letter to be downloaded.
func (s *Site) messagePanel(p *ui.Page, r *http.Request, d deliver.View) (templ.Component, error) {
	href := "/outbox/" + d.ID
	switch d.Channel {
	case warning.ByLetter:
		return panel(p.T("work.letter.title"), hushed(p.T("work.letter.lead")), ui.Acts(p,
			ui.Button{Label: p.T("work.letter.docx"), Href: href + "/letter/docx", Icon: ui.IconDownload, Kind: ui.KindPrimary},
			ui.Button{Label: p.T("work.letter.pdf"), Href: href + "/letter/pdf", Icon: ui.IconDownload},
		)), nil
	case warning.ByCall, warning.ByWebhook, warning.ByPortal:
		return nil, nil
	case warning.ByMail:
	}
	if !may(r, auth.DeliveryRecord) {
		return panel(p.T("work.message.title"), hushed(p.T("work.message.only_centre"))), nil
	}
	raw, err := s.Deliveries.Raw(r.Context(), who(r), d.Delivery.ID)
	if errs.Is(err, errs.Denied) {
		return panel(p.T("work.message.title"), hushed(p.T("work.message.only_admin"))), nil
	}
	if err != nil {
		return nil, err
	}
	m, err := readMessage(raw)
	if err != nil {
		return nil, err
	}
	parts := []templ.Component{
		ui.Facts(p, []ui.Fact{
			{Label: p.T("work.message.subject"), Value: strong(m.decoded("Subject"))},
			{Label: p.T("work.message.from"), Value: ui.Text(m.decoded("From"))},
			{Label: p.T("work.message.to"), Value: ui.Text(m.decoded("To"))},
			{Label: p.T("work.message.files"), Value: some(p, strings.Join(m.Files, ", "))},
		}),
		ui.Acts(p, ui.Button{Label: p.T("work.message.raw"), Href: href + "/raw", Icon: ui.IconDownload, Small: true}),
	}
	switch {
	case m.Sealed:
		parts = append(parts, notice(ui.ToneActive, ui.Text(p.T("work.message.sealed"))))
	default:
		if m.HTML != "" {
			parts = append(parts, framed(href+"/html", p.T("work.message.html")))
		}
		parts = append(parts, folded(p.T("work.message.text"), m.HTML == "", ui.Evidence(p, ui.Proof{Title: m.decoded("Subject"), Text: m.Text})))
	}
	return panel(p.T("work.message.title"), parts...), nil
}

func (s *Site) rawMessage(r *http.Request) (deliver.ID, []byte, error) {
	id, err := deliver.ParseID(r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	raw, err := s.Deliveries.Raw(r.Context(), who(r), id)
	return id, raw, err
}

// messageRaw is the whole message as it goes over the line, to be saved.
func (s *Site) messageRaw(w http.ResponseWriter, r *http.Request) error {
	id, raw, err := s.rawMessage(r)
	if err != nil {
		return err
	}
	return download(w, id.String()+".eml", "message/rfc822", raw)
}

// messageHTML is the HTML of a mail, for the frame on its page.
func (s *Site) messageHTML(w http.ResponseWriter, r *http.Request) error {
	_, raw, err := s.rawMessage(r)
	if err != nil {
		return err
	}
	m, err := readMessage(raw)
	if err != nil {
		return err
	}
	if m.HTML == "" {
		return errs.New(errs.NotFound, "%s: the message has no HTML", r.URL.Path)
	}
	w.Header().Set("Content-Security-Policy", framePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, m.HTML) // The reader went away; there is nobody to tell.
	return nil
}
