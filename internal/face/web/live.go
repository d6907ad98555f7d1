package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// How the live stream breathes: how often it looks for what another node wrote,
// how often it says that it is there, how many entries it reads at a time.
const (
	liveLook  = 2 * time.Second
	liveBeat  = 20 * time.Second
	liveBatch = 500
)

// live follows the journal from now on, with a cursor that ends with the page. It
// says how many things happened that the reader may see, and names what is
// critical. The rows themselves come with the page, under the reader's scope.
func (s *Site) live(w http.ResponseWriter, r *http.Request) error {
	out := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // a proxy in front must not collect
	if err := out.SetWriteDeadline(time.Time{}); err != nil {
		return errs.New(errs.Internal, "keep the live stream open: %w", err)
	}
	at, err := s.head(r)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(w, "retry: 5000\n\n"); err != nil || out.Flush() != nil {
		return nil //nolint:nilerr // the reader went away; there is nobody to tell
	}
	about, voice := r.URL.Query().Get("about"), s.voice(r)
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	look := time.NewTicker(liveLook)
	defer look.Stop()
	for {
		news := s.Journal.News()
		text, next, err := s.news(r, voice, about, at)
		if err != nil {
			s.Log.WarnContext(r.Context(), "live stream ends", "actor", who(r).Name(), "error", err)
			return nil // The browser comes again.
		}
		at = next
		if text != "" {
			if _, err := fmt.Fprint(w, text); err != nil || out.Flush() != nil {
				return nil //nolint:nilerr // as above
			}
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-news:
		case <-look.C:
		case <-beat.C:
			if _, err := fmt.Fprint(w, ": here\n\n"); err != nil || out.Flush() != nil {
				return nil //nolint:nilerr // as above
			}
		}
	}
}

func (s *Site) head(r *http.Request) (at int64, err error) {
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		at, err = journal.Head(tx)
		return err
	})
	return at, err
}

// news is what happened behind a place, as events, and the place behind it.
func (s *Site) news(r *http.Request, voice i18n.Voice, about string, at int64) (text string, next int64, err error) {
	a := who(r)
	var entries []journal.Entry
	next = at
	err = s.DB.Read(r.Context(), func(tx *db.Tx) error {
		head, err := journal.Head(tx)
		if err != nil || head == at {
			return err
		}
		next = head
		entries, err = journal.Entries(tx, journal.Query{
			After: at, Before: head + 1, Where: a.Scope.SQL("j.organisation"), Verbs: liveVerbs(a, about), Newest: true, Limit: liveBatch,
		})
		return err
	})
	if err != nil || len(entries) == 0 {
		return "", next, err
	}
	n := 0
	var b strings.Builder
	slices.Reverse(entries)
	for _, e := range entries {
		n += happened(e)
		if t, ok := s.toast(a, voice, e); ok {
			line, err := json.Marshal(t)
			if err != nil {
				return "", next, errs.New(errs.Internal, "write a toast: %w", err)
			}
			fmt.Fprintf(&b, "event: toast\ndata: %s\n\n", line)
		}
	}
	if n > 0 {
		fmt.Fprintf(&b, "event: news\ndata: {\"n\":%d}\n\n", n)
	}
	return b.String(), next, nil
}

// liveVerbs are the entries that a page about something tells of. What the centre
// holds back is no news to the organisation concerned.
func liveVerbs(a auth.Actor, about string) []string {
	verbs := []string{"finding.opened", "finding.reopened", "finding.moved"}
	for _, t := range finding.Transitions() {
		if !slices.Contains(verbs, t.Verb) {
			verbs = append(verbs, t.Verb)
		}
	}
	if a.Scope.IsAll() {
		verbs = append(verbs, finding.VerbParsed)
	}
	if about == "finding" {
		return verbs
	}
	verbs = append(verbs, warning.VerbSent, warning.VerbAcknowledged, warning.VerbEscalated, warning.VerbRevised, warning.VerbReminded,
		warning.VerbClosed, warning.VerbCancelled, warning.VerbExpired)
	if a.Scope.IsAll() {
		verbs = append(verbs, warning.VerbHeld, warning.VerbDecided, "document.received")
	}
	return verbs
}

// happened is how many things an entry tells of: a document opens many findings.
func happened(e journal.Entry) int {
	if e.Verb != finding.VerbParsed {
		return 1
	}
	var body finding.Parsed
	if json.Unmarshal(e.Body, &body) != nil {
		return 0
	}
	return int(body.Opened + body.Reopened)
}

// A toast is a passing message.
type toast struct {
	Text string `json:"text"`
	Href string `json:"href,omitempty"`
}

// toast names what cannot wait for the reader to look: a critical warning that
// went out, one that nobody answered, a storm that is held.
func (s *Site) toast(a auth.Actor, voice i18n.Voice, e journal.Entry) (toast, bool) {
	var body struct {
		Severity string `json:"severity"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil && e.Verb != warning.VerbHeld {
		return toast{}, false
	}
	id := subjectID(e.Subject)
	switch {
	case e.Verb == warning.VerbSent && body.Severity == row.Critical.String():
		return toast{Text: voice.T("web.live.sent", "id", id), Href: s.subjectHref(a, e.Subject)}, true
	case e.Verb == warning.VerbEscalated:
		return toast{Text: voice.T("web.live.escalated", "id", id), Href: s.subjectHref(a, e.Subject)}, true
	case e.Verb == warning.VerbHeld:
		return toast{Text: voice.T("web.live.held"), Href: "/"}, true
	}
	return toast{}, false
}
