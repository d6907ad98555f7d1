package cpe

import (
	"strings"

	"tocsin/internal/base/errs"
)

// unbindFormatted is unbind_fs of NISTIR 7695 §6.2.3.
func unbindFormatted(s string) (Name, error) {
	parts := split(s[len("cpe:2.3:"):])
	if len(parts) != attributes {
		return Name{}, errs.New(errs.Invalid, "%q has %d components, a name has %d", s, len(parts), attributes)
	}
	var n Name
	for i, part := range parts {
		switch part {
		case "":
			return Name{}, errs.New(errs.Invalid, "%q: component %d is empty", s, i+1)
		case "*":
			n[i] = Any
		case "-":
			n[i] = NA
		default:
			v, ok := quoted(part)
			if !ok {
				return Name{}, errs.New(errs.Invalid, "%q: component %d, %q, is no value", s, i+1, part)
			}
			n[i] = v
		}
	}
	if n[Part] == Any && parts[0] != "*" {
		return Name{}, errs.New(errs.Invalid, "%q has no part", s)
	}
	return n.check(s)
}

// split cuts at colons that no backslash quotes.
func split(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// quoted adds the quoting that the formatted string leaves out (of . - and
// whatever else a writer forgot but the two wildcards).
func quoted(s string) (Value, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case word(c):
			b.WriteByte(lower(c))
		case c == '\\':
			i++
			if i == len(s) {
				return "", false
			}
			if word(s[i]) { // quoting it has no meaning, real feeds do
				b.WriteByte(lower(s[i]))
				continue
			}
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case c == '*' || c == '?':
			b.WriteByte(c)
		case punctuation(c):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			return "", false
		}
	}
	return Value(b.String()), true
}

// lower folds the case: names of different case are the same (NISTIR 7696 §6.3).
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// bindFormatted leaves the quoting out where §6.2.2 does: of . - and _.
func bindFormatted(b *strings.Builder, s string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '.' || s[i+1] == '-') {
			i++
		} else if s[i] == '\\' && i+1 < len(s) {
			b.WriteByte('\\')
			i++
		}
		b.WriteByte(s[i])
	}
}
