package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// message is one text, taken apart once so that saying it only joins pieces.
type message struct {
	one, other []piece
	sources    []string // As written in the file, for Check.
}

// piece is literal text, or the name of a placeholder.
type piece struct {
	text string
	name string
}

func (m message) plural() bool { return m.one != nil || len(m.sources) > 1 }

// names are the placeholders of all forms, sorted, each once.
func (m message) names() []string {
	names := []string{}
	for _, p := range slices.Concat(m.one, m.other) {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	return names
}

// parse reads a flat catalogue. It walks the tokens itself because
// encoding/json keeps the last of two equal keys without a word.
func parse(raw []byte) (map[string]message, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	messages := map[string]message{}
	err := object(dec, func(key string) error {
		if !soundKey(key) {
			return fmt.Errorf("key %q: write room.name in letters, digits and . _ - +", key)
		}
		if _, twice := messages[key]; twice {
			return fmt.Errorf("key %q stands twice", key)
		}
		m, err := parseMessage(dec)
		if err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
		messages[key] = m
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("at byte %d: text after the closing brace", dec.InputOffset())
	}
	return messages, nil
}

// object calls each for every key, with the decoder standing before the value.
func object(dec *json.Decoder, each func(key string) error) error {
	open, err := dec.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('{') {
		return fmt.Errorf("an object is wanted, not %v", open)
	}
	return members(dec, each)
}

func members(dec *json.Decoder, each func(key string) error) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if err := each(key.(string)); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func parseMessage(dec *json.Decoder) (message, error) {
	token, err := dec.Token()
	if err != nil {
		return message{}, err
	}
	if text, ok := token.(string); ok {
		pieces, err := split(text)
		return message{other: pieces, sources: []string{text}}, err
	}
	if token != json.Delim('{') {
		return message{}, fmt.Errorf("a text or a plural is wanted, not %v", token)
	}
	var m message
	err = members(dec, func(form string) error {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		text, ok := token.(string)
		if !ok {
			return fmt.Errorf("form %q: a text is wanted, not %v", form, token)
		}
		pieces, err := split(text)
		if err != nil {
			return err
		}
		m.sources = append(m.sources, text)
		switch {
		case form == "one" && m.one == nil:
			m.one = pieces
		case form == "other" && m.other == nil:
			m.other = pieces
		default:
			return fmt.Errorf("form %q: the forms are \"one\" and \"other\", each once", form)
		}
		return nil
	})
	if err == nil && m.other == nil {
		err = errors.New(`the form "other" is missing`)
	}
	return m, err
}

func soundKey(key string) bool {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-+", r)
	}
	room, rest, ok := strings.Cut(key, ".")
	return ok && room != "" && rest != "" && !strings.ContainsFunc(key, bad)
}

// split takes "Vấn đề tại {asset}" apart. It never gives nil without an error,
// so that a form that is empty differs from one that is absent.
func split(text string) ([]piece, error) {
	pieces := []piece{}
	var literal strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			literal.WriteByte(c)
			i++
		case c == '{':
			end := strings.IndexByte(text[i:], '}')
			if end < 0 || !soundName(text[i+1:i+end]) {
				return nil, fmt.Errorf("the brace at byte %d opens no placeholder like {name}", i)
			}
			if literal.Len() > 0 {
				pieces = append(pieces, piece{text: literal.String()})
				literal.Reset()
			}
			pieces = append(pieces, piece{name: text[i+1 : i+end]})
			i += end
		case c == '}':
			return nil, fmt.Errorf("the brace at byte %d closes nothing", i)
		default:
			literal.WriteByte(c)
		}
	}
	if literal.Len() > 0 {
		pieces = append(pieces, piece{text: literal.String()})
	}
	return pieces, nil
}

func soundName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
