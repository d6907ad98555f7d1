package cli

import (
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

// when is a time as the caller writes it: RFC 3339, a date, or a duration before
// now. The server reads it again, by its own clock.
type when string

// UnmarshalText takes what the server will understand.
func (w *when) UnmarshalText(text []byte) error {
	t := string(text)
	if _, err := api.ParseSpan(t); err == nil {
		*w = when(t)
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if _, err := time.Parse(layout, t); err == nil {
			*w = when(t)
			return nil
		}
	}
	return errs.New(errs.Usage, "%q is neither RFC 3339 nor a date nor a duration like 24h or 7d", t)
}

// span is a duration as the caller writes it; see api.ParseSpan.
type span string

// UnmarshalText takes what the server will understand.
func (d *span) UnmarshalText(text []byte) error {
	if _, err := api.ParseSpan(string(text)); err != nil {
		return errs.New(errs.Usage, "%w", err)
	}
	*d = span(text)
	return nil
}
