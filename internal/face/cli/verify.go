package cli

import (
	"io"
	"net/http"
	"os"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

type verifyCommand struct {
	Checkpoint string `placeholder:"FILE"`
	DB         string `name:"db" placeholder:"URL" env:"TOCSIN_DB"`
}

// Run checks the journal's seal and every record against it: by the server, or
// in the folder itself where none runs.
func (c *verifyCommand) Run(s *session) error {
	checkpoint, err := c.held(s)
	if err != nil {
		return err
	}
	v, err := c.verdict(s, checkpoint)
	if err != nil {
		return err
	}
	if err := s.print(v); err != nil {
		return err
	}
	if !v.OK {
		return exit(1)
	}
	return nil
}

// held is the checkpoint that was kept outside, "" for none.
func (c *verifyCommand) held(s *session) (string, error) {
	if c.Checkpoint == "" {
		return "", nil
	}
	in, _, err := s.open(c.Checkpoint)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	const longest = 64 << 10
	text, err := io.ReadAll(io.LimitReader(in, longest))
	if err != nil {
		return "", noFile(c.Checkpoint, err)
	}
	if len(text) == 0 {
		return "", noFile(c.Checkpoint, errs.New(errs.Invalid, "the file is empty"))
	}
	return string(text), nil
}

func (c *verifyCommand) verdict(s *session, checkpoint string) (journal.Verdict, error) {
	server, err := s.server()
	if err == nil {
		v, failed := decode[journal.Verdict](server.ask(s.ctx, http.MethodPost, "/verify", map[string]string{"checkpoint": checkpoint}))
		if failed == nil || !s.offline(failed) {
			return v, failed
		}
		err = failed
	}
	if !s.offline(err) || s.hooks.Verify == nil {
		return journal.Verdict{}, err
	}
	s.say(s.voice.T("cli.offline", "data", s.Data))
	return s.hooks.Verify(s.ctx, Store{Data: s.Data, DB: c.DB}, checkpoint)
}

// offline says whether an error means that no server runs over the folder that
// the caller named, so that the folder itself can be worked on. Whether one runs
// all the same, and cannot be reached, the folder's own lock decides.
func (s *session) offline(err error) bool {
	if s.Data == "" || !errs.Is(err, errs.Unavailable) {
		return false
	}
	info, failed := os.Stat(s.Data)
	return failed == nil && info.IsDir()
}
