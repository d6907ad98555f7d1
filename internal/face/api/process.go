package api

import (
	"context"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// Settled says whether nothing is left to do.
type Settled struct {
	Settled bool   `json:"settled"`
	Laggard string `json:"laggard" doc:"What is not done, empty when all is."`
}

type settle struct {
	Timeout string `query:"timeout" default:"30s" doc:"How long to wait at most."`
}

// Time is what the city's clock shows.
type Time struct {
	Now   time.Time `json:"now"`
	Moved bool      `json:"moved" doc:"The clock stands and is moved by hand."`
}

type advance struct {
	Body struct {
		By string `json:"by" doc:"A duration: 90s, 1h30m, 2d."`
	}
}

type verify struct {
	Body struct {
		Checkpoint string `json:"checkpoint,omitempty" doc:"One that was kept outside."`
	}
}

// Version says which program this is.
type Version struct {
	Version string `json:"version"`
}

func (s *server) process() {
	route(s, post("/settle", "Wait until nothing is left to do"), func(ctx context.Context, _ auth.Actor, in *settle) (*one[Settled], error) {
		span, err := ParseSpan(in.Timeout)
		if err != nil {
			return nil, field("timeout", "%w", err)
		}
		if s.Settle == nil {
			return nil, unserved("settle")
		}
		waiting, cancel := context.WithTimeout(ctx, span)
		defer cancel()
		err = s.Settle(waiting)
		if errs.Is(err, errs.Conflict) {
			return answer(Settled{Laggard: err.Error()}, nil)
		}
		return answer(Settled{Settled: true}, err)
	})
	route(s, get("/clock", "Show the city's clock"), func(_ context.Context, _ auth.Actor, _ *none) (*one[Time], error) {
		return answer(Time{Now: s.Clock.Now(), Moved: s.Advance != nil}, nil)
	})
	route(s, post("/clock/advance", "Move a clock that stands"), func(ctx context.Context, who auth.Actor, in *advance) (*one[Time], error) {
		if err := auth.May(who, auth.ClockAdvance); err != nil {
			return nil, err
		}
		by, err := ParseSpan(in.Body.By)
		if err != nil {
			return nil, field("by", "%w", err)
		}
		if s.Advance == nil {
			return nil, errs.New(errs.Conflict, "advance the clock: it goes by itself; serve --clock starts one that stands")
		}
		now, err := s.Advance(ctx, by)
		return answer(Time{Now: now, Moved: true}, err)
	})
	route(s, post("/verify", "Check the journal's seal and every record against it"), func(ctx context.Context, who auth.Actor, in *verify) (*one[journal.Verdict], error) {
		if err := auth.May(who, auth.VerifyRun); err != nil {
			return nil, err
		}
		if s.Verify == nil {
			return nil, unserved("verify")
		}
		return answer(s.Verify(ctx, in.Body.Checkpoint))
	})
	route(s, get("/backup", "Download everything, while running"), func(ctx context.Context, who auth.Actor, _ *none) (*huma.StreamResponse, error) {
		if err := auth.May(who, auth.BackupRun); err != nil {
			return nil, err
		}
		if s.Backup == nil {
			return nil, unserved("backup")
		}
		return s.stream("application/octet-stream", "tocsin.backup", func(w io.Writer) error { return s.Backup(ctx, w) }, func() error { return nil }), nil
	})
	route(s, get("/version", "Show which program this is"), func(_ context.Context, _ auth.Actor, _ *none) (*one[Version], error) {
		return answer(Version{Version: s.Version}, nil)
	})
}

func unserved(verb string) error {
	return errs.New(errs.Conflict, "%s: this server does not offer it", verb)
}
