package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/base/errs"
)

const contentType = "application/problem+json"

// A Problem is an error as the outside sees it (RFC 9457). Code is one of errs'
// and decides the exit code of a command.
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Code   string       `json:"code"`
	Detail string       `json:"detail,omitempty"`
	Places []errs.Place `json:"places,omitempty"`
}

// Error is the detail, as huma asks it of errors.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the status of the response.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problem documents.
func (p *Problem) ContentType(string) string { return contentType }

// Of is the problem document of an error. What went wrong inside is said to the
// log and not to the caller.
func Of(err error) *Problem {
	code := errs.CodeOf(err)
	p := titled(code, code.HTTP())
	p.Detail, p.Places = err.Error(), errs.PlacesOf(err)
	if code == errs.Internal {
		p.Detail, p.Places = "internal error; the server's log tells more", nil
	}
	return p
}

func titled(code errs.Code, status int) *Problem {
	return &Problem{Type: "urn:tocsin:problem:" + code.String(), Title: http.StatusText(status), Status: status, Code: code.String()}
}

// problem is Of, and the log's line of what is our own fault.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if errs.CodeOf(err) == errs.Internal && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "api", "error", err)
	}
	return Of(err)
}

// Refuse answers a request with the problem document of an error. The Gate takes
// it for requests that do not pass.
func Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	p := Of(err)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a caller who is gone needs no answer
}

// ofHuma turns the errors that huma itself finds into our shape: what it checks
// of a request before a handler sees it.
func ofHuma(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := titled(codeOf(e.Status), e.Status)
	p.Detail = e.Detail
	for _, d := range e.Errors {
		if d != nil {
			p.Places = append(p.Places, errs.Place{Field: d.Location, Reason: d.Message})
		}
	}
	// huma looks at a query in no order; the same mistake gets the same answer.
	slices.SortStableFunc(p.Places, func(a, b errs.Place) int { return strings.Compare(a.Field, b.Field) })
	return p, nil
}

// codeOf is the code of a status that huma chose.
func codeOf(status int) errs.Code {
	switch status {
	case http.StatusUnprocessableEntity:
		return errs.Invalid
	case http.StatusRequestEntityTooLarge:
		return errs.TooLarge
	case http.StatusRequestTimeout:
		return errs.Unavailable
	}
	if status >= http.StatusInternalServerError {
		return errs.Internal
	}
	return errs.Usage
}

func writeProblem(ctx huma.Context, p *Problem) {
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(p) // a caller who is gone needs no answer
}

// cutOff breaks the connection, so that the caller of a stream that cannot be
// finished does not take the part for the whole. It is the way that net/http
// has for it.
func cutOff() { panic(http.ErrAbortHandler) }
