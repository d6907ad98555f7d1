package web

import (
	"net/http"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

// A warned is a warning that told of a finding.
type warned struct {
	ID, State  string
	Sent       time.Time
	Meter      ui.Meter
	Recipients int
}

// warnedOf is the warning that told of a finding last, if the reader may see
// it.
func (s *Site) warnedOf(p *ui.Page, r *http.Request, f finding.Finding) ([]warned, error) {
	if f.Warning == 0 || auth.May(who(r), auth.WarningView) != nil {
		return nil, nil
	}
	v, err := s.Warnings.Get(r.Context(), who(r), warning.ID(f.Warning), p.Lang())
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []warned{{ID: v.ID, State: string(v.State), Sent: v.Warning.Sent, Meter: ackMeter(v.Warning)}}, nil
}

// ackMeter is a warning's clock: how long somebody has to acknowledge it.
func ackMeter(w warning.Warning) ui.Meter {
	return ui.Meter{From: w.Sent, Due: w.Due, Done: w.Acknowledged}
}
