package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
)

// bulletinWrite begins a bulletin with the text of a file, or writes a draft's
// text anew.
type bulletinWrite struct {
	File     string `arg:"" name:"file"`
	Bulletin string `placeholder:"ID"`
}

// Run sends the file, which is the JSON of a bulletin's text as bulletin show
// --json has it.
func (c *bulletinWrite) Run(s *session) error {
	in, _, err := s.open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	raw, err := io.ReadAll(io.LimitReader(in, 4<<20))
	if err != nil {
		return noFile(c.File, err)
	}
	var text map[string]any
	if err := json.Unmarshal(raw, &text); err != nil {
		return errs.At(errs.Invalid, []errs.Place{{File: c.File, Line: 1, Reason: err.Error()}}, "read %s: %w", c.File, err)
	}
	if c.Bulletin == "" {
		return s.act("/bulletins", text)
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	out, err := server.ask(s.ctx, http.MethodPatch, "/bulletins/"+url.PathEscape(c.Bulletin), text)
	if err != nil {
		return err
	}
	return s.show(out)
}

// bulletinAct is an act on a bulletin; which is the command's last word.
type bulletinAct struct {
	ID string `arg:"" name:"id"`
}

// Run does the act and prints the bulletin.
func (c *bulletinAct) Run(s *session, k *kong.Context) error {
	return s.act("/bulletins/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, map[string]string{})
}

// bulletinReasoned is an act that says why.
type bulletinReasoned struct {
	ID     string `arg:"" name:"id"`
	Reason string `required:"" placeholder:"TEXT"`
}

// Run does the act and prints the bulletin.
func (c *bulletinReasoned) Run(s *session, k *kong.Context) error {
	return s.act("/bulletins/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, map[string]string{"reason": c.Reason})
}

// bulletinAudience shows who would get a bulletin.
type bulletinAudience struct {
	ID string `arg:"" name:"id"`
}

// Run shows it.
func (c *bulletinAudience) Run(s *session) error {
	return s.showAt("/bulletins/" + url.PathEscape(c.ID) + "/audience")
}
