package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
)

// listing is the list of every noun. Its noun is the command's first word, its
// filters are the flags that the command has besides.
type listing struct {
	Limit int `placeholder:"N"`
}

// Run prints the list.
func (l *listing) Run(s *session, k *kong.Context) error {
	if l.Limit < 0 {
		return errs.New(errs.Usage, "--limit=%d: want a number above 0", l.Limit)
	}
	n, q := nounOf(word(k)), filters(k.Selected())
	if n.spoken && !s.JSON && !s.JSONL {
		q.Set("language", s.voice.Lang())
	}
	return s.list(n, q, l.Limit)
}

func (s *session) list(n noun, query url.Values, limit int) error {
	c, err := s.server()
	if err != nil {
		return err
	}
	p := s.printer(n.columns)
	if err := c.list(s.ctx, n, query, limit, p.take); err != nil {
		return err
	}
	return p.end()
}

// word is the first word of a command: its noun.
func word(k *kong.Context) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(k.Selected().FullPath(), "tocsin "), " ")
	return first
}

// filters are the flags of a list as parameters of the API: those that are set.
func filters(n *kong.Node) url.Values {
	q := url.Values{}
	for _, f := range n.Flags {
		v := f.Target
		if f.Name == "limit" || f.Name == "help" || v.IsZero() {
			continue
		}
		if v.Kind() == reflect.Slice {
			var words []string
			for i := range v.Len() {
				words = append(words, fmt.Sprint(v.Index(i).Interface()))
			}
			q.Set(f.Name, strings.Join(words, ","))
			continue
		}
		q.Set(f.Name, fmt.Sprint(v.Interface()))
	}
	return q
}

// showing is the show of every noun.
type showing struct {
	ID string `arg:"" name:"id"`
}

// Run prints one thing.
func (c *showing) Run(s *session, k *kong.Context) error {
	n := nounOf(word(k))
	if n.inList {
		return s.find(n, c.ID)
	}
	return s.showAt("/" + n.path + "/" + url.PathEscape(c.ID))
}

func (s *session) showAt(path string) error {
	c, err := s.server()
	if err != nil {
		return err
	}
	raw, err := c.ask(s.ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return s.show(raw)
}

// act posts to one thing and prints what has become of it.
func (s *session) act(path string, body any) error {
	c, err := s.server()
	if err != nil {
		return err
	}
	raw, err := c.ask(s.ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return s.show(raw)
}

// history is the life of one thing.
type history struct {
	ID string `arg:"" name:"id"`
}

// Run prints the life.
func (c *history) Run(s *session, k *kong.Context) error {
	n := noun{path: nounOf(word(k)).path + "/" + url.PathEscape(c.ID) + "/history", columns: []string{"seq", "at", "actor", "verb"}, whole: true}
	return s.list(n, nil, 0)
}
