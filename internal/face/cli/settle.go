package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

type settleCommand struct {
	Timeout time.Duration `default:"30s" placeholder:"DURATION"`
}

// Run waits until nothing is left to do.
func (c *settleCommand) Run(s *session) error {
	done, err := s.settled(c.Timeout)
	if err != nil {
		return err
	}
	if s.JSON || s.JSONL {
		if err := s.print(done); err != nil {
			return err
		}
	}
	return late(done)
}

// settle waits for what follows from a command, when its caller asks for it.
func (w waiting) settle(s *session) error {
	if !w.Wait {
		return nil
	}
	done, err := s.settled(w.Timeout)
	if err != nil {
		return err
	}
	return late(done)
}

// late is the failure of what is not settled. Its exit code is 1, not that of a
// conflict: asked again, it may be done.
func late(done api.Settled) error {
	if done.Settled {
		return nil
	}
	return errs.New(errs.Unavailable, "%s", done.Laggard)
}

func (s *session) settled(timeout time.Duration) (api.Settled, error) {
	c, err := s.server()
	if err != nil {
		return api.Settled{}, err
	}
	// The server answers in time; this is for a line that is dead.
	ctx, cancel := context.WithTimeout(s.ctx, timeout+30*time.Second)
	defer cancel()
	return decode[api.Settled](c.json(ctx, call{method: http.MethodPost, path: "/settle", query: url.Values{"timeout": {timeout.String()}}}))
}
