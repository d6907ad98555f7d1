package cli

import (
	"io"

	"tocsin/internal/base/errs"
)

type backupCommand struct {
	File string `arg:"" name:"file"`
	DB   string `name:"db" placeholder:"URL" env:"TOCSIN_DB"`
}

// Run writes everything to a file: by the server while it runs, or from the
// folder itself where none does.
func (c *backupCommand) Run(s *session) error {
	err := s.download("/backup", c.File)
	if err != nil && s.offline(err) && s.hooks.Backup != nil {
		s.say(s.voice.T("cli.offline", "data", s.Data))
		err = s.save(c.File, func(w io.Writer) error { return s.hooks.Backup(s.ctx, Store{Data: s.Data, DB: c.DB}, w) })
	}
	if err == nil && c.File != "-" {
		s.say(s.voice.T("cli.saved", "file", c.File))
	}
	return err
}

type restoreCommand struct {
	File string `arg:"" name:"file"`
	DB   string `name:"db" placeholder:"URL" env:"TOCSIN_DB"`
}

// Run makes the folder of a backup.
func (c *restoreCommand) Run(s *session) error {
	if s.Data == "" {
		return errs.New(errs.Usage, "restore: --data DIR says where to")
	}
	in, size, err := s.open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	p := s.progress("cli.restoring", c.File, size)
	defer p.end()
	if err := s.hooks.Restore(s.ctx, RestoreOptions{Store: Store{Data: s.Data, DB: c.DB}, Backup: p.reading(in)}); err != nil {
		return err
	}
	s.say(s.voice.T("cli.restored", "data", s.Data))
	return nil
}
