package csaf

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A node is a value of a JSON text with its members in the order they stand.
type node struct {
	kind    jsontext.Kind // { [ " 0 t f n
	text    string        // of a text its content, of a number how it is written
	members []member      // of an object
	items   []*node       // of a list
}

type member struct {
	name string
	node *node
}

// maxDepth bounds how deep a document may nest; the deepest that the standard
// allows, 30 branches, takes 70.
const maxDepth = 256

var (
	errTrailing = errors.New("text follows the document")
	errDeep     = errors.New("the document nests too deep")
)

// parse reads one JSON value and nothing after it. A name that comes twice in an
// object is an error, as is text that is no UTF-8.
func parse(text []byte) (*node, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	n, err := read(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return n, nil
}

func read(dec *jsontext.Decoder) (*node, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &node{kind: token.Kind()}
	switch n.kind {
	case '{':
		if dec.StackDepth() > maxDepth {
			return nil, errDeep
		}
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			v, err := read(dec)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, member{key, v})
		}
		_, err = dec.ReadToken()
	case '[':
		if dec.StackDepth() > maxDepth {
			return nil, errDeep
		}
		for dec.PeekKind() != ']' {
			v, err := read(dec)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
		_, err = dec.ReadToken()
	case '"', '0':
		n.text = token.String()
	}
	return n, err
}

// get is the member of an object, nil where there is none or n is no object.
func (n *node) get(names ...string) *node {
	for _, name := range names {
		if n == nil {
			return nil
		}
		var next *node
		for i := range n.members {
			if n.members[i].name == name {
				next = n.members[i].node
				break
			}
		}
		n = next
	}
	return n
}

// str is the text of a text, else "".
func (n *node) str() string {
	if n == nil || n.kind != '"' {
		return ""
	}
	return n.text
}

// list are the items of a list, else nil.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// number is the value of a number.
func (n *node) number() (float64, bool) {
	if n == nil || n.kind != '0' {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.text, 64)
	return f, err == nil
}

// key is a text that equal values share.
func (n *node) key() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case '{':
		names := make(map[string]*node, len(n.members))
		for _, m := range n.members {
			names[m.name] = m.node
		}
		b.WriteByte('{')
		for _, name := range sortedKeys(names) {
			b.WriteString(strconv.Quote(name))
			names[name].write(b)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for _, i := range n.items {
			i.write(b)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case '"':
		b.WriteString(strconv.Quote(n.text))
	default:
		b.WriteByte(byte(n.kind))
		b.WriteString(n.text)
	}
}

// pointer adds a name to a JSON pointer (RFC 6901).
func pointer(path, name string) string {
	if strings.ContainsAny(name, "~/") {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	return path + "/" + name
}

// index adds the number of an item to a JSON pointer.
func index(path string, i int) string { return path + "/" + strconv.Itoa(i) }
