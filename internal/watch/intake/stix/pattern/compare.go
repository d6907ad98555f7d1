package pattern

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// decoded is a property's value: of names that end in _hex and _bin the bytes
// that they stand for. A value that is not of its form is none.
func decoded(name string, v any) (any, bool) {
	s, ok := v.(string)
	if !ok {
		return v, true
	}
	switch {
	case strings.HasSuffix(name, "_hex"):
		b, err := hex.DecodeString(s)
		return b, err == nil
	case strings.HasSuffix(name, "_bin"):
		b, err := base64.StdEncoding.DecodeString(s)
		return b, err == nil
	}
	return v, true
}

// A compiled test is ready to be held against values.
type compiled struct {
	Test
	re      *regexp.Regexp // of LIKE and MATCHES
	network netip.Prefix   // of ISSUBSET and ISSUPERSET
}

func (t Test) compile() (compiled, error) {
	c := compiled{Test: t}
	var err error
	switch t.Op {
	case Matches:
		if c.re, err = regexp.Compile(t.Values[0].Text); err != nil {
			return c, fmt.Errorf("%s MATCHES: %w", t.Path, err)
		}
	case Like:
		var b strings.Builder
		b.WriteString(`(?s)\A`)
		for _, r := range norm.NFC.String(t.Values[0].Text) {
			switch r {
			case '%':
				b.WriteString(".*")
			case '_':
				b.WriteByte('.')
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		if c.re, err = regexp.Compile(b.String() + `\z`); err != nil {
			return c, fmt.Errorf("%s LIKE: %w", t.Path, err)
		}
	case IsSubset, IsSuperset:
		var ok bool
		if c.network, ok = network(t.Values[0].Text); !ok {
			return c, fmt.Errorf("%s %s: %q is neither an address nor a network", t.Path, t.Op, t.Values[0].Text)
		}
	case Equal, Unequal, Less, LessEqual, Greater, GreaterEqual, In, Exists:
	}
	return c, nil
}

func network(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// holds says whether the operator is true of a value, without NOT.
func (c *compiled) holds(v any) (bool, error) {
	switch c.Op {
	case Equal, In, Unequal:
		equal := false
		for _, l := range c.Values {
			n, comparable, err := order(v, l)
			if err != nil {
				return false, err
			}
			equal = equal || comparable && n == 0
		}
		return equal != (c.Op == Unequal), nil
	case Less, LessEqual, Greater, GreaterEqual:
		n, comparable, err := order(v, c.Values[0])
		if err != nil || !comparable {
			return false, err
		}
		switch c.Op {
		case Less:
			return n < 0, nil
		case LessEqual:
			return n <= 0, nil
		case Greater:
			return n > 0, nil
		default:
			return n >= 0, nil
		}
	case Like, Matches:
		switch v := v.(type) {
		case string:
			if c.Op == Like {
				v = norm.NFC.String(v)
			}
			return c.re.MatchString(v), nil
		case []byte:
			return latin(c.Values[0].Text) && c.re.Match(wide(v)), nil
		}
		return false, nil
	case IsSubset, IsSuperset:
		s, ok := v.(string)
		if !ok {
			return false, nil
		}
		other, ok := network(s)
		if !ok || other.Addr().Is4() != c.network.Addr().Is4() {
			return false, nil
		}
		inner, outer := other, c.network
		if c.Op == IsSuperset {
			inner, outer = outer, inner
		}
		return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr()), nil
	case Exists:
	}
	return false, nil
}

// latin says whether every character of s can stand for a byte (STIX 2.1
// §9.6.1: only such a string is compared with bytes).
func latin(s string) bool {
	for _, r := range s {
		if r > 0xff {
			return false
		}
	}
	return true
}

// wide writes bytes as the characters that they stand for.
func wide(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// order compares a value with a literal; types that have nothing in common are
// not comparable.
func order(v any, l Literal) (n int, comparable bool, err error) {
	switch v := v.(type) {
	case float64:
		if l.Type == Integer || l.Type == Float {
			return less(v < l.Number, v > l.Number), true, nil
		}
	case bool:
		if l.Type == Boolean {
			return less(!v && l.Truth, v && !l.Truth), true, nil
		}
	case string:
		switch l.Type {
		case Text:
			return strings.Compare(norm.NFC.String(v), norm.NFC.String(l.Text)), true, nil
		case Hex, Binary:
			if latin(v) {
				return strings.Compare(v, string(wide([]byte(l.Text)))), true, nil
			}
		case Instant:
			t, ok := Timestamp(v)
			if !ok {
				return 0, false, fmt.Errorf("%q is compared with an instant and is none", v)
			}
			return t.Compare(l.Time), true, nil
		case Integer, Float, Boolean:
		}
	case []byte:
		switch l.Type {
		case Hex, Binary:
			return bytes.Compare(v, []byte(l.Text)), true, nil
		case Text:
			if latin(l.Text) {
				return strings.Compare(string(wide(v)), l.Text), true, nil
			}
		case Integer, Float, Boolean, Instant:
		}
	}
	return 0, false, nil
}

func less(below, above bool) int {
	switch {
	case below:
		return -1
	case above:
		return 1
	}
	return 0
}
