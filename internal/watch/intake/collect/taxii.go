package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
)

// taxiiCursor is the place in a collection.
type taxiiCursor struct {
	After string `json:"added_after,omitempty"` // everything added until then is here
}

// An envelope is a page of a collection (TAXII 2.1 §3.7).
type envelope struct {
	More    bool              `json:"more"`
	Next    string            `json:"next"`
	Objects []json.RawMessage `json:"objects"`
}

const (
	taxiiType  = "application/taxii+json;version=2.1"
	pageLimit  = 500 // objects asked for at a time; the server may give less
	pageBytes  = 64 << 20
	pagesALook = 200
)

// taxii pulls the objects that were added since the last look (TAXII 2.1 §5.4),
// each page a document as it came.
func (l *look) taxii(ctx context.Context) error {
	var cursor taxiiCursor
	l.cursor(&cursor)
	next, last := "", ""
	for page := 1; page <= pagesALook; page++ {
		answer, body, err := l.page(ctx, cursor.After, next)
		if err != nil {
			return err
		}
		var e envelope
		if err := json.Unmarshal(body, &e); err != nil {
			return errs.New(errs.Unavailable, "collect %s: the page is no TAXII envelope: %w", l.source.Name, err)
		}
		if len(e.Objects) > 0 {
			if _, err := l.receive(ctx, fmt.Sprintf("%s-%s.json", l.source.Name, l.room.Clock.Now().Format("20060102T150405.000000")), bytes.NewReader(body)); err != nil {
				return err
			}
		}
		first := answer.Header.Get("X-Taxii-Date-Added-First")
		if date := answer.Header.Get("X-Taxii-Date-Added-Last"); date != "" {
			last = date
		}
		if !e.More {
			if last != "" {
				l.move(taxiiCursor{After: last})
			}
			return nil
		}
		switch {
		case e.Next != "" && e.Next != next:
			next = e.Next
			// Several objects may be added at one instant, and added_after leaves that
			// instant out: a look that is cut short begins again just before the page.
			if at, err := time.Parse(time.RFC3339, first); err == nil {
				if err := l.progress(ctx, taxiiCursor{After: at.Add(-time.Microsecond).UTC().Format("2006-01-02T15:04:05.000000Z")}); err != nil {
					return err
				}
			}
		case e.Next == "" && last != "" && last != cursor.After:
			next, cursor.After = "", last
			if err := l.progress(ctx, cursor); err != nil {
				return err
			}
		default:
			return errs.New(errs.Unavailable, "collect %s: the server promises more and does not say where", l.source.Name)
		}
	}
	l.soon = true
	return nil
}

// page asks for one page.
func (l *look) page(ctx context.Context, after, next string) (fetch.Result, []byte, error) {
	u, err := url.Parse(l.address.url)
	if err != nil {
		return fetch.Result{}, nil, errs.New(errs.Invalid, "collect %s: %w", l.source.Name, err)
	}
	q := u.Query()
	q.Set("limit", strconv.Itoa(pageLimit))
	if after != "" {
		q.Set("added_after", after)
	}
	if next != "" {
		q.Set("next", next)
	}
	u.RawQuery = q.Encode()
	return l.ask(ctx, fetch.Request{URL: u.String(), Accept: taxiiType, Header: authorization(l.secret), MaxBody: pageBytes})
}

// ask asks for what is small enough to be held in memory.
func (l *look) ask(ctx context.Context, r fetch.Request) (fetch.Result, []byte, error) {
	answer, err := l.room.Fetch.Do(ctx, r)
	if err != nil {
		return answer, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}
