// Package errs gives every error of Tocsin a code, and maps the codes once to
// HTTP statuses and process exit codes. An error says what was attempted, once,
// with the datum; its code says of what kind the failure is.
package errs

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A Code is the kind of a failure. The zero Code is Internal.
type Code int

// The codes, in the order of CONTRACT's exit codes.
const (
	Internal    Code = iota // the program or its machine is wrong
	Usage                   // the call itself is wrong
	NotFound                // absent, or hidden by the reader's scope
	Denied                  // known to the reader, who may not do this
	Invalid                 // the input is wrong; Places says where
	Conflict                // right in itself, wrong in the present state
	TooLarge                // beyond a limit that the operator set
	Unavailable             // a neighbour did not answer; try again
	Gone                    // was here, is over for good
	Unknown                 // nobody is signed in
	TooMany                 // the caller is too fast
)

type row struct {
	name string
	http int
	exit int
}

// table is the one place where codes meet the outside world.
func table(c Code) row {
	switch c {
	case Usage:
		return row{"usage", http.StatusBadRequest, 2}
	case NotFound:
		return row{"not-found", http.StatusNotFound, 3}
	case Denied:
		return row{"denied", http.StatusForbidden, 4}
	case Invalid:
		return row{"invalid", http.StatusUnprocessableEntity, 5}
	case Conflict:
		return row{"conflict", http.StatusConflict, 6}
	case TooLarge:
		return row{"too-large", http.StatusRequestEntityTooLarge, 5}
	case Unavailable:
		return row{"unavailable", http.StatusServiceUnavailable, 1}
	case Gone:
		return row{"gone", http.StatusGone, 3}
	case Unknown:
		return row{"unknown-caller", http.StatusUnauthorized, 4}
	case TooMany:
		return row{"too-many", http.StatusTooManyRequests, 1}
	case Internal:
		return row{"internal", http.StatusInternalServerError, 1}
	}
	return row{"internal", http.StatusInternalServerError, 1}
}

// String is the code's name, as it stands in problem documents.
func (c Code) String() string { return table(c).name }

// HTTP is the status that a response to the failure carries.
func (c Code) HTTP() int { return table(c).http }

// Exit is the exit code of a command that failed so.
func (c Code) Exit() int { return table(c).exit }

// Named is the code that a problem document names, Internal when it names none.
func Named(name string) Code {
	for c := Internal; c <= TooMany; c++ {
		if c.String() == name {
			return c
		}
	}
	return Internal
}

// A Place says where in an input something is wrong. Line and Column count
// from 1; 0 means that the input has none.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// String is the place as compilers write it: file:line:column: reason.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	for _, n := range []int{p.Line, p.Column} {
		if n > 0 {
			b.WriteString(":" + strconv.Itoa(n))
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Reason)
	return b.String()
}

// An Error is a failure with a code and, for wrong input, its places.
type Error struct {
	Code   Code
	Places []Place
	err    error
}

// Error is the text of the failure without its places.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap gives the failure beneath.
func (e *Error) Unwrap() error { return e.err }

// New is a failure with a code. The format takes %w like fmt.Errorf.
func New(code Code, format string, a ...any) error {
	return &Error{Code: code, err: fmt.Errorf(format, a...)}
}

// At is a failure of input, with the places where it is wrong.
func At(code Code, places []Place, format string, a ...any) error {
	return &Error{Code: code, Places: places, err: fmt.Errorf(format, a...)}
}

// CodeOf is the code of the outermost Error in err, Internal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// PlacesOf are the places that err names.
func PlacesOf(err error) []Place {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Places
	}
	return nil
}

// Is says whether err has the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
