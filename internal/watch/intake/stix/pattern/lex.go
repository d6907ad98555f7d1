package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Error says where a pattern breaks the grammar, and how.
type Error struct {
	Column int // in characters from 1
	Reason string
}

// Error is "column 7: …".
func (e *Error) Error() string { return "column " + strconv.Itoa(e.Column) + ": " + e.Reason }

// A token is a word of the grammar.
type token struct {
	kind  kind
	text  string  // the word, the symbol, the name
	value Literal // of a literal
	at    int     // byte offset
}

type kind byte

const (
	end     kind = iota
	symbol       // [ ] ( ) : . , * and the comparison operators
	word         // a keyword
	name         // letters, digits, underscores
	hyphens      // a name with hyphens: an object's type
	literal
)

// keyword says whether a word is one of the grammar's; they are in capitals.
func keyword(s string) bool {
	switch s {
	case "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET",
		"EXISTS", "IN", "START", "STOP", "SECONDS", "WITHIN", "REPEATS", "TIMES":
		return true
	}
	return false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// A lexer cuts a pattern into tokens.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) fail(at int, format string, a ...any) error {
	return &Error{Column: 1 + utf8.RuneCountInString(l.text[:min(at, len(l.text))]), Reason: fmt.Sprintf(format, a...)}
}

// next is the next token; at the end it is of kind end.
func (l *lexer) next() (token, error) {
	if err := l.blank(); err != nil {
		return token{}, err
	}
	at := l.pos
	if at >= len(l.text) {
		return token{kind: end, at: at}, nil
	}
	c := l.text[at]
	two := l.text[at:min(at+2, len(l.text))]
	switch {
	case two == "!=" || two == "<>" || two == "<=" || two == ">=" || two == "==":
		l.pos += 2
		switch two {
		case "<>":
			two = "!="
		case "==":
			two = "="
		}
		return token{kind: symbol, text: two, at: at}, nil
	case c == '.' && len(two) == 2 && digit(two[1]), c == '-', c == '+', digit(c):
		return l.number()
	case strings.IndexByte("[]():.,*=<>", c) >= 0:
		l.pos++
		return token{kind: symbol, text: l.text[at : at+1], at: at}, nil
	case c == '\'':
		s, err := l.quoted()
		return token{kind: literal, text: s, value: Literal{Type: Text, Text: s}, at: at}, err
	case (c == 'h' || c == 'b' || c == 't') && len(two) == 2 && two[1] == '\'':
		l.pos++
		return l.special(c, at)
	case letter(c):
		return l.name(), nil
	}
	r, _ := utf8.DecodeRuneInString(l.text[at:])
	return token{}, l.fail(at, "%q has no meaning here", r)
}

// blank passes over white space and comments.
func (l *lexer) blank() error {
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.pos:])
		switch {
		case space(r):
			l.pos += n
		case strings.HasPrefix(l.text[l.pos:], "/*"):
			i := strings.Index(l.text[l.pos+2:], "*/")
			if i < 0 {
				return l.fail(l.pos, "the comment does not end")
			}
			l.pos += i + 4
		case strings.HasPrefix(l.text[l.pos:], "//"):
			i := strings.IndexAny(l.text[l.pos:], "\r\n")
			if i < 0 {
				i = len(l.text) - l.pos
			}
			l.pos += i
		default:
			return nil
		}
	}
	return nil
}

// space is the white space of the OASIS grammar.
func space(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

func (l *lexer) name() token {
	at, k := l.pos, name
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if c == '-' {
			k = hyphens
		} else if !letter(c) && !digit(c) {
			break
		}
		l.pos++
	}
	t := token{kind: k, text: l.text[at:l.pos], at: at}
	switch {
	case t.text == "true" || t.text == "false":
		t.kind, t.value = literal, Literal{Type: Boolean, Truth: t.text == "true"}
	case keyword(t.text):
		t.kind = word
	}
	return t
}

// quoted reads a string; only the quotation mark and the backslash are escaped.
func (l *lexer) quoted() (string, error) {
	at := l.pos
	l.pos++
	plain := l.pos
	var b strings.Builder
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case '\'':
			s := l.text[plain:l.pos]
			l.pos++
			if b.Len() == 0 {
				return s, nil
			}
			b.WriteString(s)
			return b.String(), nil
		case '\\':
			if l.pos+1 >= len(l.text) || l.text[l.pos+1] != '\'' && l.text[l.pos+1] != '\\' {
				return "", l.fail(l.pos, `after a backslash stands \ or '`)
			}
			b.WriteString(l.text[plain:l.pos])
			b.WriteByte(l.text[l.pos+1])
			l.pos += 2
			plain = l.pos
		default:
			l.pos++
		}
	}
	return "", l.fail(at, "the string does not end")
}

// special reads h'…', b'…' and t'…'.
func (l *lexer) special(c byte, at int) (token, error) {
	s, err := l.quoted()
	if err != nil {
		return token{}, err
	}
	t := token{kind: literal, at: at}
	switch c {
	case 'h':
		raw, err := hex.DecodeString(s)
		if err != nil {
			return token{}, l.fail(at, "%s is not hexadecimal", quote(s))
		}
		t.value = Literal{Type: Hex, Text: string(raw)}
	case 'b':
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return token{}, l.fail(at, "%s is not base64", quote(s))
		}
		t.value = Literal{Type: Binary, Text: string(raw)}
	case 't':
		when, ok := Timestamp(s)
		if !ok {
			return token{}, l.fail(at, "%s is not an instant such as 2026-03-01T00:00:00Z", quote(s))
		}
		t.value = Literal{Type: Instant, Time: when}
	}
	return t, nil
}

// Timestamp reads the one form that timestamps have in STIX (2.1 §2.16). Second
// 60 is legal there; it is the next minute's first.
func Timestamp(s string) (time.Time, bool) {
	if len(s) < 20 || s[10] != 'T' || s[len(s)-1] != 'Z' || strings.IndexByte(s, ',') >= 0 {
		return time.Time{}, false
	}
	leap := s[17:19] == "60"
	if leap {
		s = s[:17] + "59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339, s)
	if leap {
		t = t.Add(time.Second)
	}
	return t, err == nil
}

func (l *lexer) number() (token, error) {
	at, point := l.pos, false
	if c := l.text[l.pos]; c == '-' || c == '+' {
		l.pos++
	}
	digits := 0
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if c == '.' && !point && l.pos+1 < len(l.text) && digit(l.text[l.pos+1]) {
			point = true
		} else if !digit(c) {
			break
		} else {
			digits++
		}
		l.pos++
	}
	text := l.text[at:l.pos]
	f, err := strconv.ParseFloat(text, 64)
	whole := strings.TrimLeft(text, "+-")
	switch {
	case digits == 0 || err != nil:
		return token{}, l.fail(at, "%q is not a number", text)
	case !point && len(whole) > 1 && whole[0] == '0':
		return token{}, l.fail(at, "%s begins with a zero", text)
	}
	t := Literal{Type: Integer, Number: f}
	if point {
		t.Type = Float
	}
	return token{kind: literal, text: text, value: t, at: at}, nil
}
