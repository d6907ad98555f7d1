package api

import (
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
)

// Paging is what every list takes.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of this page."`
	Cursor string `query:"cursor" doc:"next of the page before."`
}

// after is the cursor of a list whose items have ascending numbers.
func (p Paging) after() (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.Cursor, 10, 64)
	if err != nil || n < 0 {
		return 0, field("cursor", "%q is no cursor of this list", p.Cursor)
	}
	return n, nil
}

// items is what every list answers.
type items[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next" doc:"The cursor of the next page, empty at the end."`
}

type list[T any] struct{ Body items[T] }

// listed is the answer of a list whose room knows the cursor.
func listed[T any](found []T, next string) *list[T] {
	if found == nil {
		found = []T{}
	}
	return &list[T]{Body: items[T]{Items: found, Next: next}}
}

// asked is how many items a room is asked for in order to see whether there are
// more than the page takes.
func (p Paging) asked() int { return p.Limit + 1 }

// cut makes a page of what a room gave for asked(), in the order of number.
func cut[T any](found []T, p Paging, number func(T) int64) *list[T] {
	if len(found) <= p.Limit {
		return listed(found, "")
	}
	found = found[:p.Limit]
	return listed(found, strconv.FormatInt(number(found[len(found)-1]), 10))
}

// through makes a page of a whole list, which the room gave in the order of
// number.
func through[T any](all []T, p Paging, number func(T) int64) (*list[T], error) {
	after, err := p.after()
	if err != nil {
		return nil, err
	}
	for len(all) > 0 && number(all[0]) <= after {
		all = all[1:]
	}
	return cut(all, p, number), nil
}

// one is the answer of what shows or changes one thing.
type one[T any] struct{ Body T }

func answer[T any](v T, err error) (*one[T], error) {
	if err != nil {
		return nil, err
	}
	return &one[T]{Body: v}, nil
}

// none is the answer of what has nothing to say.
type none struct{}

// Named is the input of what is about one thing.
type Named struct {
	ID string `path:"id"`
}

// each turns a room's things into what is said of them.
func each[A, B any](from []A, say func(A) B) []B {
	out := make([]B, len(from))
	for i, a := range from {
		out[i] = say(a)
	}
	return out
}

// field is the error of one field of a request.
func field(name, format string, a ...any) error {
	reason := errs.New(errs.Invalid, format, a...)
	return errs.At(errs.Invalid, []errs.Place{{Field: name, Reason: reason.Error()}}, "%s: %w", name, reason)
}

// instant is a time, null for none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// text is a text, null for none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// label is the letter and number of an id, null for 0.
func label(letter string, id int64) *string {
	if id == 0 {
		return nil
	}
	s := letter + strconv.FormatInt(id, 10)
	return &s
}

// since reads the parameter since: RFC 3339, a date of the city, or a duration
// back from the server's now. Empty is the zero time.
func (s *server) since(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if span, err := ParseSpan(text); err == nil {
		return s.Clock.Now().Add(-span), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	day, err := s.day(text)
	if err != nil {
		return day, field("since", "%q is neither RFC 3339 nor a date nor a duration", text)
	}
	return day, nil
}

// until reads an end: RFC 3339, or a date, which lasts to the end of that day in
// the city. Empty is the zero time.
func (s *server) until(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	day, err := s.day(text)
	if err != nil {
		return day, field(name, "%q is neither RFC 3339 nor a date", text)
	}
	return day.In(s.Regime.Zone()).AddDate(0, 0, 1).UTC(), nil
}

// day is the beginning of a date in the city.
func (s *server) day(text string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, text, s.Regime.Zone())
	return t.UTC(), err
}

// organisation is the number of a code that the actor may see; "" is 0.
func (s *server) organisation(who auth.Actor, code string) (int64, error) {
	if code == "" {
		return 0, nil
	}
	id, err := s.Estate.ByCode(code)
	if err != nil || !who.Scope.Has(id) {
		return 0, errs.New(errs.NotFound, "organisation %q: no such organisation", code)
	}
	return id, nil
}

// code is an organisation's code, null for 0.
func (s *server) code(id int64) *string { return text(s.Estate.Code(id)) }
