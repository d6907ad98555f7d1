// Package cpe reads and writes CPE names and says how the sets of products that
// two names mean lie to each other. It is pure.
//
// The sources are NISTIR 7695 (naming: the well-formed name, its binding to the
// URI of CPE 2.2 and to the formatted string of CPE 2.3) and NISTIR 7696 (name
// matching).
package cpe

import (
	"strings"

	"tocsin/internal/base/errs"
)

// An Attribute is one of the eleven of a name, in the order of the formatted
// string.
type Attribute uint8

// The attributes.
const (
	Part Attribute = iota
	Vendor
	Product
	Version
	Update
	Edition
	Language
	SwEdition
	TargetSw
	TargetHw
	Other
	attributes int = iota
)

// A Value is an attribute's value in a well-formed name: Any, NA, or text in
// which a backslash quotes each character that is neither letter, digit nor
// underscore (NISTIR 7695 §5.3.2). Unquoted * and ? are wildcards.
type Value string

// The logical values. No text equals them: an unquoted hyphen cannot stand alone.
const (
	Any Value = ""
	NA  Value = "-"
)

// A Name is a well-formed name. The zero Name is all products.
type Name [attributes]Value

// maxLength is the longest text that is read as a name.
const maxLength = 2048

// Parse reads either binding: cpe:2.3:… or cpe:/…. A text that is no name is
// errs.Invalid.
func Parse(s string) (Name, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > maxLength:
		return Name{}, errs.New(errs.TooLarge, "a CPE name is longer than %d bytes", maxLength)
	case strings.HasPrefix(s, "cpe:2.3:"):
		return unbindFormatted(s)
	case len(s) > 5 && strings.EqualFold(s[:5], "cpe:/"):
		return unbindURI(s)
	}
	return Name{}, errs.New(errs.Invalid, "%q begins neither with cpe:2.3: nor with cpe:/", s)
}

// String is the formatted string (NISTIR 7695 §6.2).
func (n Name) String() string {
	var b strings.Builder
	b.WriteString("cpe:2.3")
	for _, v := range n {
		b.WriteByte(':')
		switch v {
		case Any:
			b.WriteByte('*')
		case NA:
			b.WriteByte('-')
		default:
			bindFormatted(&b, string(v))
		}
	}
	return b.String()
}

// Literal is a value without its quoting, for people and for comparing with
// names in words; "" for Any, NA and for a value with wildcards.
func (v Value) Literal() string {
	if v == Any || v == NA || v.wild() {
		return ""
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(v), `\\`, "\x00"), `\`, "")
}

// Quote is the value of a literal text, in lower case; blanks are underscores,
// "" is Any. Characters that no name can hold are left out.
func Quote(s string) Value {
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(strings.Join(strings.Fields(s), "_"))) {
		switch {
		case word(c):
			b.WriteByte(c)
		case punctuation(c):
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return Value(b.String())
}

func word(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func punctuation(c byte) bool { return c > ' ' && c < 0x7f && !word(c) }

// valid holds the rules for a value's text (§5.3.2): every other character is
// quoted; a * only first or last, ? only in a run at an end; no lone hyphen.
func (v Value) valid() bool {
	s := string(v)
	if v == Any || v == NA {
		return true
	}
	core := s
	core = trimWildLeft(core)
	core = trimWildRight(core)
	if core == "" {
		return s == "*" || strings.Trim(s, "?") == "" || s == `\-`
	}
	for i := 0; i < len(core); i++ {
		switch c := core[i]; {
		case word(c):
		case c == '\\' && i+1 < len(core) && punctuation(core[i+1]):
			i++
		default:
			return false
		}
	}
	return s != `\-`
}

func trimWildLeft(s string) string {
	if strings.HasPrefix(s, "*") {
		return s[1:]
	}
	return strings.TrimLeft(s, "?")
}

func trimWildRight(s string) string {
	if strings.HasSuffix(s, "*") && !quotedEnd(s) {
		return s[:len(s)-1]
	}
	for strings.HasSuffix(s, "?") && !quotedEnd(s) {
		s = s[:len(s)-1]
	}
	return s
}

// quotedEnd says that the last character is quoted: an odd run of backslashes
// stands before it.
func quotedEnd(s string) bool {
	n := 0
	for i := len(s) - 2; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

func (v Value) wild() bool {
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		}
	}
	return false
}

// check holds what a whole name needs: a part of a, o or h (or a logical value).
func (n Name) check(s string) (Name, error) {
	switch n[Part] {
	case Any, NA, "a", "o", "h":
	default:
		return Name{}, errs.New(errs.Invalid, "%q: the part %q is none of a, o, h", s, string(n[Part]))
	}
	for i, v := range n {
		if !v.valid() {
			return Name{}, errs.New(errs.Invalid, "%q: component %d, %q, is no value", s, i+1, string(v))
		}
	}
	return n, nil
}
