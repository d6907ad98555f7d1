package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
)

// Mute keeps findings quiet for a while.
type Mute struct {
	ID     string     `json:"id"`
	Realm  string     `json:"realm"`
	What   string     `json:"what" doc:"A network or an asset, empty for all."`
	Kind   row.Kind   `json:"kind"`
	Begins *time.Time `json:"begins"`
	Ends   *time.Time `json:"ends"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
	Ended  *time.Time `json:"ended" doc:"By hand, before its end."`
}

func sayMute(m finding.Mute) Mute {
	return Mute{
		ID: "M" + strconv.FormatInt(m.ID, 10), Realm: m.Realm, What: m.What, Kind: m.Kind, Begins: instant(m.Begins), Ends: instant(m.Ends),
		Reason: m.Reason, By: m.By, Ended: instant(m.Ended),
	}
}

// newMute is a mute as somebody states it.
type newMute struct {
	What   string `json:"what,omitempty"`
	Realm  string `json:"realm,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Begins string `json:"begins,omitempty" doc:"RFC 3339 or a date; now where it is not given."`
	Ends   string `json:"ends" doc:"RFC 3339, or a date, which lasts to its end."`
	Reason string `json:"reason"`
}

func parseMute(text string) (int64, error) {
	digits, ok := strings.CutPrefix(text, "M")
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 {
		return 0, notThere("mute", text)
	}
	return n, nil
}

func (s *server) mutes() {
	all := func(ctx context.Context, who auth.Actor) ([]finding.Mute, error) {
		found, err := s.Findings.Mutes(ctx, who)
		sortBy(found, func(m finding.Mute) int64 { return m.ID })
		return found, err
	}
	show := func(ctx context.Context, who auth.Actor, text string) (*one[Mute], error) {
		id, err := parseMute(text)
		if err != nil {
			return nil, err
		}
		found, err := all(ctx, who)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.ID == id {
				return answer(sayMute(m), nil)
			}
		}
		return nil, notThere("mute", text)
	}
	route(s, get("/mutes", "List mutes"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[Mute], error) {
		found, err := all(ctx, who)
		if err != nil {
			return nil, err
		}
		part, err := through(found, *in, func(m finding.Mute) int64 { return m.ID })
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, sayMute), part.Body.Next), nil
	})
	route(s, get("/mutes/{id}", "Show a mute"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Mute], error) {
		return show(ctx, who, in.ID)
	})
	add := post("/mutes", "Keep findings at some assets quiet for a while")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *struct{ Body newMute }) (*one[Mute], error) {
		m := finding.Mute{What: in.Body.What, Realm: in.Body.Realm, Kind: row.Kind(in.Body.Kind), Reason: in.Body.Reason}
		var err error
		if in.Body.Begins != "" {
			if m.Begins, err = s.since(in.Body.Begins); err != nil {
				return nil, field("begins", "%q is neither RFC 3339 nor a date", in.Body.Begins)
			}
		}
		if m.Ends, err = s.until("ends", in.Body.Ends); err != nil {
			return nil, err
		}
		m, err = s.Findings.AddMute(ctx, who, m)
		return answer(sayMute(m), err)
	})
	route(s, post("/mutes/{id}/end", "End a mute before its time"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Mute], error) {
		id, err := parseMute(in.ID)
		if err != nil {
			return nil, err
		}
		if err := s.Findings.EndMute(ctx, who, id); err != nil {
			return nil, err
		}
		return show(ctx, who, in.ID)
	})
}
