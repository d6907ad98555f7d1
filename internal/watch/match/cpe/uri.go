package cpe

import (
	"strings"

	"tocsin/internal/base/errs"
)

// unbindURI is unbind_URI of NISTIR 7695 §6.1.3.
func unbindURI(s string) (Name, error) {
	parts := strings.Split(s[len("cpe:/"):], ":")
	if len(parts) > 7 {
		return Name{}, errs.New(errs.Invalid, "%q has %d components, a URI has 7 at most", s, len(parts))
	}
	var n Name
	for i, part := range parts {
		if Attribute(i) == Edition && strings.HasPrefix(part, "~") {
			if err := n.unpack(part); err != nil {
				return Name{}, err
			}
			continue
		}
		v, ok := decoded(part)
		if !ok {
			return Name{}, errs.New(errs.Invalid, "%q: component %d, %q, is no value", s, i+1, part)
		}
		n[i] = v
	}
	if n[Part] == Any {
		return Name{}, errs.New(errs.Invalid, "%q has no part", s)
	}
	return n.check(s)
}

// unpack reads the five attributes that CPE 2.3 packs into the edition.
func (n *Name) unpack(s string) error {
	parts := strings.SplitN(s[1:], "~", 5)
	if len(parts) != 5 {
		return errs.New(errs.Invalid, "the packed edition %q has %d parts, it needs 5", s, len(parts))
	}
	for i, a := range []Attribute{Edition, SwEdition, TargetSw, TargetHw, Other} {
		v, ok := decoded(parts[i])
		if !ok {
			return errs.New(errs.Invalid, "the packed edition %q: %q is no value", s, parts[i])
		}
		n[a] = v
	}
	return nil
}

// decoded is decode of §6.1.3.2: percent forms of punctuation are quoted, %01 is
// ?, %02 is *; - . ~ and a lone ? of old names are taken as they stand.
func decoded(s string) (Value, bool) {
	switch s {
	case "":
		return Any, true
	case "-":
		return NA, true
	case "?":
		return "?", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case word(c):
			b.WriteByte(lower(c))
		case c == '.' || c == '-' || c == '~':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '%' && i+2 < len(s):
			d, ok := hex(s[i+1], s[i+2])
			switch {
			case ok && d == 1:
				b.WriteByte('?')
			case ok && d == 2:
				b.WriteByte('*')
			case ok && punctuation(d):
				b.WriteByte('\\')
				b.WriteByte(d)
			case ok && word(d):
				b.WriteByte(lower(d))
			default:
				return "", false
			}
			i += 2
		default:
			return "", false
		}
	}
	return Value(b.String()), true
}

func hex(a, b byte) (byte, bool) {
	const digits = "0123456789abcdef"
	x, y := strings.IndexByte(digits, lower(a)), strings.IndexByte(digits, lower(b))
	return byte(x<<4 | y), x >= 0 && y >= 0
}

// URI is the binding of CPE 2.2 (§6.1.2).
func (n Name) URI() string {
	var b strings.Builder
	b.WriteString("cpe:/")
	for a := Part; a <= Language; a++ {
		if a > Part {
			b.WriteByte(':')
		}
		if a == Edition && (n[SwEdition] != Any || n[TargetSw] != Any || n[TargetHw] != Any || n[Other] != Any) {
			for _, packed := range []Attribute{Edition, SwEdition, TargetSw, TargetHw, Other} {
				b.WriteByte('~')
				encode(&b, n[packed])
			}
			continue
		}
		encode(&b, n[a])
	}
	return strings.TrimRight(b.String(), ":")
}

func encode(b *strings.Builder, v Value) {
	if v == NA {
		b.WriteByte('-')
		return
	}
	for i := 0; i < len(v); i++ {
		switch c := v[i]; c {
		case '\\':
			i++
			if i >= len(v) {
				return
			}
			if v[i] == '.' || v[i] == '-' {
				b.WriteByte(v[i])
				continue
			}
			const digits = "0123456789abcdef"
			b.WriteString("%" + digits[v[i]>>4:v[i]>>4+1] + digits[v[i]&15:v[i]&15+1])
		case '?':
			b.WriteString("%01")
		case '*':
			b.WriteString("%02")
		default:
			b.WriteByte(c)
		}
	}
}
