package collect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
)

// key says whether a secret is a MISP API key: then its REST interface is asked,
// else the feed.
func key(secret string) bool { return regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(secret) }

const (
	eventsALook = 1000
	eventsAPage = 50
)

// feedCursor is the place in a feed: what was taken of which event.
type feedCursor struct {
	Events map[string]int64 `json:"events"` // UUID: timestamp
}

// A stamp is a time in seconds, which MISP writes as a number or as text.
type stamp int64

// UnmarshalJSON reads either.
func (s *stamp) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*s = stamp(n)
	return err
}

// mispFeed reads the manifest and takes the events that are new or have changed,
// oldest first, each a document.
func (l *look) mispFeed(ctx context.Context) error {
	answer, body, err := l.ask(ctx, fetch.Request{
		URL: l.address.url + "manifest.json", ETag: l.state.ETag, LastModified: l.state.Modified, Header: authorization(l.secret), MaxBody: pageBytes,
	})
	if err != nil || answer.NotModified {
		return err
	}
	var manifest map[string]struct {
		Timestamp stamp `json:"timestamp"`
	}
	if err := json.Unmarshal(body, &manifest); err != nil {
		return errs.New(errs.Unavailable, "collect %s: the manifest cannot be read: %w", l.source.Name, err)
	}
	var had feedCursor
	l.cursor(&had)
	now := feedCursor{Events: make(map[string]int64, len(manifest))}
	var wanted []string
	uuid := regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	for id, event := range manifest {
		taken, known := had.Events[id]
		switch {
		case !uuid.MatchString(id):
			return errs.New(errs.Unavailable, "collect %s: the manifest names an event %.60q", l.source.Name, id)
		case known && taken >= int64(event.Timestamp):
			now.Events[id] = taken
		default:
			wanted = append(wanted, id)
		}
	}
	slices.SortFunc(wanted, func(a, b string) int {
		return cmp.Or(cmp.Compare(manifest[a].Timestamp, manifest[b].Timestamp), cmp.Compare(a, b))
	})
	// What is cut short here asks for the whole manifest again.
	l.state.ETag, l.state.Modified = "", ""
	for i, id := range wanted {
		if i == eventsALook {
			l.soon = true
			l.move(now)
			return nil
		}
		if err := l.event(ctx, id); err != nil {
			l.move(now)
			return err
		}
		now.Events[id] = int64(manifest[id].Timestamp)
		if i%50 == 49 {
			if err := l.progress(ctx, now); err != nil {
				return err
			}
		}
	}
	l.move(now)
	l.state.ETag, l.state.Modified = answer.ETag, answer.LastModified
	return nil
}

// event takes one event of a feed. One that the manifest names and the server
// lacks is left.
func (l *look) event(ctx context.Context, id string) error {
	answer, err := l.room.Fetch.Do(ctx, fetch.Request{URL: l.address.url + id + ".json", Header: authorization(l.secret)})
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Gone) || errs.Is(err, errs.TooLarge) {
		l.leave(id+".json", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = l.receive(ctx, id+".json", answer.Body)
	return err
}

// searchCursor is the place in a REST search: events with an earlier timestamp
// are here, and of those with this one the named.
type searchCursor struct {
	Since int64    `json:"since"`
	At    []string `json:"at"`
}

// mispSearch asks MISP's REST interface for the published events that have
// changed, page by page, each page a document as it came.
func (l *look) mispSearch(ctx context.Context) error {
	var cursor searchCursor
	l.cursor(&cursor)
	reached := cursor
	header := http.Header{"Authorization": {l.secret}}
	for page := 1; page <= pagesALook; page++ {
		question, err := json.Marshal(map[string]any{
			"returnFormat": "json", "timestamp": cursor.Since, "published": true, "page": page, "limit": eventsAPage, "order": "Event.timestamp asc",
		})
		if err != nil {
			return errs.New(errs.Internal, "collect %s: %w", l.source.Name, err)
		}
		_, body, err := l.ask(ctx, fetch.Request{URL: l.address.url + "events/restSearch", Accept: "application/json", Header: header, Post: question, MaxBody: 4 * pageBytes})
		if err != nil {
			return err
		}
		var answer struct {
			Response []struct {
				Event struct {
					UUID      string `json:"uuid"`
					Timestamp stamp  `json:"timestamp"`
				}
			} `json:"response"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return errs.New(errs.Unavailable, "collect %s: the answer is no list of events: %w", l.source.Name, err)
		}
		fresh := false
		for _, x := range answer.Response {
			at := int64(x.Event.Timestamp)
			if at > cursor.Since || at == cursor.Since && !slices.Contains(cursor.At, x.Event.UUID) {
				fresh = true
			}
			switch {
			case at > reached.Since:
				reached = searchCursor{Since: at, At: []string{x.Event.UUID}}
			case at == reached.Since && !slices.Contains(reached.At, x.Event.UUID):
				reached.At = append(slices.Clone(reached.At), x.Event.UUID)
			}
		}
		if fresh {
			if _, err := l.receive(ctx, fmt.Sprintf("%s-%d-%d.json", l.source.Name, cursor.Since, page), bytes.NewReader(body)); err != nil {
				return err
			}
		}
		if len(answer.Response) < eventsAPage {
			break
		}
		l.soon = page == pagesALook
	}
	// The place moves when all pages are here: the server need not keep the order.
	l.move(reached)
	return nil
}
