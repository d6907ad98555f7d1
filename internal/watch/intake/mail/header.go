package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	stdmail "net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"tocsin/internal/base/errs"
)

// A Head is what the header of a message says. Nothing in it is true because it
// stands there: Judge says what the receiving server found.
type Head struct {
	Name      string // the sender's, as displayed
	From      string // the sender's address in lower case; "" when there is not exactly one
	Subject   string
	MessageID string // without the angle brackets
	Date      time.Time
	XARF      bool // the message says that it is an X-ARF report

	results []string // Authentication-Results, the topmost first
}

// ReadHead reads the header of a message alone.
func ReadHead(in io.Reader) (Head, error) {
	f, err := readHeader(bufio.NewReader(in), Defaults().Header)
	if err != nil {
		return Head{}, err
	}
	return newHead(f), nil
}

// Looks says whether a document that begins with head could be a message: header
// lines, of which at least two are those that mail has.
func Looks(head []byte) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	if name, _, ok := bytes.Cut(first, []byte(":")); !bytes.HasPrefix(first, []byte("From ")) && (!ok || !isName(name)) {
		return false
	}
	f, _ := readHeader(bufio.NewReader(bytes.NewReader(head)), len(head)+1)
	known := 0
	for _, name := range []string{"Received", "Return-Path", "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Delivered-To", "Dkim-Signature"} {
		if f.get(name) != "" {
			known++
		}
	}
	return known >= 2
}

// fields are the fields of a header in order.
type fields []field

type field struct{ name, value string }

// get is the value of the first field of a name.
func (f fields) get(name string) string {
	for _, x := range f {
		if strings.EqualFold(x.name, name) {
			return x.value
		}
	}
	return ""
}

// readHeader reads up to the first blank line and unfolds. Lines that are no
// fields stand in the result as fields without a name.
func readHeader(b *bufio.Reader, most int) (fields, error) {
	var (
		out  fields
		size int
		last = -1
	)
	for first := true; ; first = false {
		line, err := b.ReadString('\n')
		if size += len(line); size > most {
			return out, errs.New(errs.TooLarge, "read mail: the header is longer than %d bytes", most)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return out, err
		}
		text := strings.TrimRight(line, "\r\n")
		if text == "" {
			return out, nil
		}
		if first {
			text = strings.TrimPrefix(text, "\xef\xbb\xbf")
		}
		switch name, value, ok := strings.Cut(text, ":"); {
		case text[0] == ' ' || text[0] == '\t':
			if last >= 0 {
				out[last].value += " " + strings.TrimSpace(text)
			}
		case ok && isName([]byte(strings.TrimRight(name, " \t"))):
			out = append(out, field{strings.TrimRight(name, " \t"), strings.TrimSpace(value)})
			last = len(out) - 1
		default:
			out, last = append(out, field{value: text}), -1
		}
		if err != nil {
			return out, nil
		}
	}
}

// named are the fields that have a name.
func (f fields) named() int { return len(f) - f.count("") }

func isName(b []byte) bool {
	return len(b) > 0 && !bytes.ContainsFunc(b, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' })
}

func newHead(f fields) Head {
	h := Head{Subject: words(f.get("Subject")), MessageID: clean(strings.Trim(f.get("Message-Id"), " <>"))}
	if list, err := parser().ParseList(f.get("From")); err == nil && len(list) == 1 && f.count("From") == 1 {
		h.Name, h.From = clean(list[0].Name), clean(strings.ToLower(list[0].Address))
	}
	if at, err := stdmail.ParseDate(f.get("Date")); err == nil {
		h.Date = at.UTC().Truncate(time.Microsecond)
	}
	for _, x := range f {
		if strings.EqualFold(x.name, "Authentication-Results") {
			h.results = append(h.results, x.value)
		}
	}
	says := strings.ToLower(f.get("X-XARF") + f.get("X-ARF"))
	h.XARF = says != "" && says != "no"
	return h
}

func (f fields) count(name string) (n int) {
	for _, x := range f {
		if strings.EqualFold(x.name, name) {
			n++
		}
	}
	return n
}

func decoder() *mime.WordDecoder {
	return &mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		set, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return set.NewDecoder().Reader(in), nil
	}}
}

func parser() *stdmail.AddressParser { return &stdmail.AddressParser{WordDecoder: decoder()} }

// words decodes encoded words (RFC 2047); what cannot be decoded stays.
func words(s string) string {
	if text, err := decoder().DecodeHeader(s); err == nil {
		s = text
	}
	return clean(s)
}

// clean makes a text fit for stores and lines.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// baseName is the last part of a file name, whichever system wrote it.
func baseName(name string) string {
	name = words(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "." || name == ".." {
		return ""
	}
	for len(name) > 200 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// mediaType reads a value with parameters: its word in lower case, parameters by
// name in lower case, continued and encoded ones (RFC 2231) put together. What
// does not follow the grammar (blanks in an unquoted file name) is taken as it
// was meant.
func mediaType(s string) (string, map[string]string) {
	word, rest, _ := strings.Cut(s, ";")
	word = strings.ToLower(strings.TrimSpace(uncommented(word)))
	params := map[string]string{}
	type piece struct {
		n       int
		text    string
		encoded bool
	}
	pieces := map[string][]piece{}
	for rest != "" {
		var name, value string
		name, value, rest = parameter(rest)
		base, star, extended := strings.Cut(name, "*")
		switch {
		case name == "":
		case !extended:
			if _, twice := params[name]; !twice {
				params[name] = value
			}
		default:
			number, encoded := strings.CutSuffix(star, "*")
			n, err := strconv.Atoi(number)
			if err != nil {
				n, encoded = 0, true // name*=
			}
			pieces[base] = append(pieces[base], piece{n, value, encoded})
		}
	}
	for name, list := range pieces {
		slices.SortStableFunc(list, func(a, b piece) int { return a.n - b.n })
		var raw strings.Builder
		charset := ""
		for i, p := range list {
			text := p.text
			if p.encoded {
				if i == 0 {
					if parts := strings.SplitN(text, "'", 3); len(parts) == 3 {
						charset, text = parts[0], parts[2]
					}
				}
				if plain, err := url.PathUnescape(text); err == nil {
					text = plain
				}
			}
			raw.WriteString(text)
		}
		params[name] = fromCharset(raw.String(), charset)
	}
	return word, params
}

func fromCharset(text, charset string) string {
	if set, err := htmlindex.Get(charset); charset != "" && err == nil {
		if plain, err := set.NewDecoder().String(text); err == nil {
			return plain
		}
	}
	return text
}

// parameter cuts the first parameter off.
func parameter(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, " \t;")
	eq := strings.IndexAny(s, "=;")
	if eq < 0 || s[eq] == ';' {
		_, rest, _ = strings.Cut(s, ";")
		return "", "", rest
	}
	name, s = strings.ToLower(strings.TrimSpace(s[:eq])), strings.TrimLeft(s[eq+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			// A backslash before a letter is Windows' path, not an escape.
			if i++; s[i] != '"' && s[i] != '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		case s[i] == '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return name, b.String(), rest
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), ""
}

// uncommented leaves out comments (RFC 5322 §3.2.2).
func uncommented(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if depth == 0 {
				b.WriteString(s[i : i+2])
			}
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
