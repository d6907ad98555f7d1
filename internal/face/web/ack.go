package web

import (
	"net/http"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
)

// ackPage is behind the one link of a mail. Who holds the link needs no account;
// it shows one warning and does one thing.
type ackPage struct {
	Ack    deliver.Ack
	Action string
	By     string // until when to press the button, "" for no limit
	Remedy time.Time
	Next   []string // what happens after
}

// ackOpen shows what the mail said, with the button. It changes nothing: mail
// scanners follow links.
func (s *Site) ackOpen(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is a secret
	ack, err := s.Deliveries.AckLookup(r.Context(), r.PathValue("token"))
	if err != nil {
		return s.ackOver(w, r, err)
	}
	return s.ackShow(w, r, ack)
}

// ackDo is the button.
func (s *Site) ackDo(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	ack, err := s.Deliveries.Acknowledge(r.Context(), r.PathValue("token"))
	if err != nil {
		return s.ackOver(w, r, err)
	}
	return s.ackShow(w, r, ack)
}

// ackSpeak makes the page speak the recipient's language, unless the reader has
// chosen one.
func (s *Site) ackSpeak(p *ui.Page, r *http.Request, language string) {
	if _, err := r.Cookie("tocsin_language"); err != nil && r.URL.Query().Get("lang") == "" && language == i18n.English {
		s.kit.Speak(p, language)
	}
}

func (s *Site) ackShow(w http.ResponseWriter, r *http.Request, ack deliver.Ack) error {
	p := s.kit.Page(w, r)
	s.ackSpeak(p, r, ack.Delivery.Language)
	d := ackPage{Ack: ack, Action: r.URL.Path}
	warned := ack.Warning.Warning
	p.Title = p.T("web.ack.title")
	if ack.Done {
		p.Title = p.T("web.ack.done_title")
	}
	d.By = byWords(p, warned.Due)
	d.Remedy = warned.Remedy
	d.Next = []string{p.T("web.ack.next1"), p.T("web.ack.next2"), p.T("web.ack.next3")}
	if !d.Remedy.IsZero() {
		d.Next[0] = p.T("web.ack.next1_by", "at", d.Remedy)
	}
	return s.show(w, r, ackView(p, d))
}

// ackOver says why a link leads nowhere any more.
func (s *Site) ackOver(w http.ResponseWriter, r *http.Request, err error) error {
	if !errs.Is(err, errs.Gone) {
		return err
	}
	p := s.kit.Page(w, r)
	p.Title = p.T("web.ack.over_title")
	return s.showAs(w, r, http.StatusGone, ackOverView(p))
}
