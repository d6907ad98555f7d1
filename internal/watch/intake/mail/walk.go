package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"

	"tocsin/internal/base/errs"
)

// Limits of a message; a field that is 0 has the value of Defaults.
type Limits struct {
	Parts  int   // bodies and attachments
	Depth  int   // multiparts and messages inside each other
	Header int   // bytes of one header
	Total  int64 // decoded bytes of all parts together
}

// Defaults are the limits of usual mail.
func Defaults() Limits {
	return Limits{Parts: 500, Depth: 10, Header: 256 << 10, Total: 1 << 30}
}

func (l Limits) filled() Limits {
	d := Defaults()
	if l.Parts <= 0 {
		l.Parts = d.Parts
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Header <= 0 {
		l.Header = d.Header
	}
	if l.Total <= 0 {
		l.Total = d.Total
	}
	return l
}

// A Part is a body or an attachment. Content is good until the visit returns.
type Part struct {
	Path       string // where it stands: "2", "2.1"; "1" of a message of one part
	Name       string // base name that the sender gave; "" when none
	Type       string // media type in lower case: text/csv
	Attachment bool   // the sender attached it, or it is no text
	// Content are the decoded bytes, text in UTF-8 where its character set is
	// named. A read of what is damaged or breaks off fails with errs.Invalid and
	// names the part, one beyond a limit with errs.TooLarge.
	Content io.Reader
}

// A Visit takes a part. What it leaves unread is passed over.
type Visit func(Part) error

// Walk reads a message and visits its bodies and attachments in order; attached
// messages are walked too. It returns the head of the outermost message.
//
// A part that cannot be read does not hide the others: when visit returns the
// error that Content gave, the walk goes on, and the first such error is
// returned at the end. Any other error of visit ends the walk and comes back as
// it is. A file that is no message is errs.Invalid.
func Walk(in io.Reader, limits Limits, visit Visit) (Head, error) {
	w := &walk{limits: limits.filled(), visit: visit}
	b := bufio.NewReaderSize(in, 64<<10)
	fields, err := readHeader(b, w.limits.Header)
	if err != nil {
		return Head{}, err
	}
	head := newHead(fields)
	if fields.named() == 0 {
		return head, errs.New(errs.Invalid, "read mail: it has no header")
	}
	if err := w.entity(entity{fields: fields, body: b}); err != nil {
		return head, err
	}
	return head, w.fault
}

type walk struct {
	limits Limits
	visit  Visit
	parts  int
	total  int64
	fault  error // the first part that could not be read
}

// An entity is a message or a part: a header and what follows it.
type entity struct {
	fields fields
	body   io.Reader
	path   string // "" of the message itself
	depth  int
}

func (e entity) name() string {
	if e.path == "" {
		return "1"
	}
	return e.path
}

func (e entity) child(n int) string {
	if e.path == "" {
		return strconv.Itoa(n)
	}
	return e.path + "." + strconv.Itoa(n)
}

// broken is a part that cannot be read.
func broken(path, format string, a ...any) error {
	return errs.New(errs.Invalid, "read mail, part "+path+": "+format, a...)
}

// note keeps the first fault of a part; the walk goes on.
func (w *walk) note(err error) {
	if w.fault == nil {
		w.fault = err
	}
}

// entity visits an entity or those inside it. The error ends the walk.
func (w *walk) entity(e entity) error {
	media, params := mediaType(e.fields.get("Content-Type"))
	if e.depth > w.limits.Depth {
		return errs.New(errs.TooLarge, "read mail, part %s: parts are nested more than %d deep", e.name(), w.limits.Depth)
	}
	switch {
	case strings.HasPrefix(media, "multipart/"):
		body, err := decoded(e)
		if err != nil {
			w.note(err)
			return nil
		}
		if boundary := params["boundary"]; boundary != "" {
			return w.multipart(e, body, boundary)
		}
		w.note(broken(e.name(), "the multipart names no boundary"))
		media, e.fields = "text/plain", nil // it is kept as it stands
		return w.leaf(e, body, media, nil)
	case media == "message/rfc822" || media == "message/global":
		body, err := decoded(e)
		if err != nil {
			w.note(err)
			return nil
		}
		return w.message(e, body)
	}
	body, err := decoded(e)
	if err != nil {
		w.note(err)
		return nil
	}
	return w.leaf(e, body, media, params)
}

// message walks an attached message.
func (w *walk) message(e entity, body io.Reader) error {
	b := bufio.NewReaderSize(body, 4<<10)
	inner, err := readHeader(b, w.limits.Header)
	if err != nil {
		w.note(broken(e.name(), "the attached message: %w", err))
		return nil
	}
	if inner.named() == 0 {
		w.note(broken(e.name(), "the attached message has no header"))
		return nil
	}
	err = w.entity(entity{fields: inner, body: b, path: e.child(1), depth: e.depth + 1})
	if _, drained := io.Copy(io.Discard, b); err == nil && drained != nil {
		w.note(broken(e.name(), "%w", drained))
	}
	return err
}

// multipart visits the parts between the boundaries.
func (w *walk) multipart(e entity, body io.Reader, boundary string) error {
	s := newSplitter(body, boundary)
	for n := 1; ; n++ {
		switch more, err := s.next(); {
		case err != nil:
			w.note(broken(e.child(n), "%w", err))
			return nil
		case !more:
			if n == 1 {
				w.note(broken(e.name(), "no part begins with the boundary %q", boundary))
			} else if !s.closed {
				w.note(broken(e.child(n-1), "the message breaks off: the last boundary is missing"))
			}
			return nil
		}
		b := bufio.NewReaderSize(s, 4<<10)
		inner, err := readHeader(b, w.limits.Header)
		if err != nil {
			w.note(broken(e.child(n), "%w", err))
			continue
		}
		if inner.count("") > 0 {
			w.note(broken(e.child(n), "a line of its header is none: %q", clean(inner.get(""))))
		}
		if err := w.entity(entity{fields: inner, body: b, path: e.child(n), depth: e.depth + 1}); err != nil {
			return err
		}
	}
}

// leaf visits a body or an attachment.
func (w *walk) leaf(e entity, body io.Reader, media string, params map[string]string) error {
	if w.parts++; w.parts > w.limits.Parts {
		return errs.New(errs.TooLarge, "read mail: more than %d parts", w.limits.Parts)
	}
	disposition, dparams := mediaType(e.fields.get("Content-Disposition"))
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	if media == "" {
		media = "text/plain"
	}
	p := Part{
		Path: e.name(), Name: baseName(name), Type: media,
		Attachment: disposition == "attachment" || name != "" || !strings.HasPrefix(media, "text/"),
	}
	c := &content{walk: w, in: inUTF8(body, media, params["charset"]), path: p.Path}
	p.Content = c
	if err := w.visit(p); err != nil {
		if c.err == nil || errors.Is(c.err, io.EOF) || !errors.Is(err, c.err) {
			return err
		}
		w.note(c.err)
		return nil
	}
	_, err := io.Copy(io.Discard, c)
	if err != nil {
		w.note(err)
	}
	return nil
}

// content counts decoded bytes and gives errors the name of their part.
type content struct {
	walk *walk
	in   io.Reader
	path string
	err  error
}

// Read reads and counts.
func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.in.Read(p)
	c.walk.total += int64(n)
	switch {
	case c.walk.total > c.walk.limits.Total:
		c.err = errs.New(errs.TooLarge, "read mail, part %s: more than %d bytes in all", c.path, c.walk.limits.Total)
	case err == io.EOF:
		c.err = io.EOF
	case err != nil:
		if _, own := errors.AsType[*errs.Error](err); own {
			c.err = err
		} else {
			c.err = broken(c.path, "%w", err)
		}
	}
	return n, c.err
}

// decoded undoes the transfer encoding of an entity.
func decoded(e entity) (io.Reader, error) {
	switch encoding := strings.ToLower(strings.Trim(uncommented(e.fields.get("Content-Transfer-Encoding")), " \t;\"")); encoding {
	case "", "7bit", "8bit", "binary":
		return e.body, nil
	case "base64":
		return &base64Reader{in: e.body}, nil
	case "quoted-printable":
		return quotedprintable.NewReader(e.body), nil
	default:
		return nil, broken(e.name(), "unknown transfer encoding %q", encoding)
	}
}

// inUTF8 turns text of a named character set into UTF-8. A set that is unknown,
// and text that is plainly UTF-8 under another name, stay as they are: whoever
// parses it says what is wrong.
func inUTF8(in io.Reader, media, charset string) io.Reader {
	charset = strings.ToLower(strings.TrimSpace(charset))
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return in
	}
	if !strings.HasPrefix(media, "text/") {
		return in
	}
	set, err := htmlindex.Get(charset)
	if err != nil {
		return in
	}
	b := bufio.NewReaderSize(in, 16<<10)
	head, _ := b.Peek(16 << 10)
	if plainlyUTF8(head) {
		return b
	}
	return transform.NewReader(b, set.NewDecoder())
}

// plainlyUTF8 says whether a beginning holds letters beyond ASCII and all of
// them are UTF-8, the cut one at its end aside.
func plainlyUTF8(head []byte) bool {
	for range utf8.UTFMax - 1 {
		if utf8.Valid(head) {
			break
		}
		head = head[:max(0, len(head)-1)]
	}
	return utf8.Valid(head) && bytes.ContainsFunc(head, func(r rune) bool { return r >= utf8.RuneSelf })
}
