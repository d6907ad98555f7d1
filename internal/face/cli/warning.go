package cli

import (
	"net/url"

	"github.com/alecthomas/kong"
)

// warningAct is an act on a warning that says nothing besides; which one is the
// command's last word.
type warningAct struct {
	ID string `arg:"" name:"id"`
}

// Run does the act and prints the warning.
func (c *warningAct) Run(s *session, k *kong.Context) error {
	return s.act("/warnings/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, nil)
}

type warningSend struct {
	ID string   `arg:"" name:"id"`
	To []string `placeholder:"EMAIL"`
}

// Run sends a draft.
func (c *warningSend) Run(s *session) error {
	return s.act("/warnings/"+url.PathEscape(c.ID)+"/send", map[string]any{"to": c.To})
}

type warningCancel struct {
	ID     string `arg:"" name:"id"`
	Reason string `placeholder:"TEXT"`
}

// Run takes a warning back.
func (c *warningCancel) Run(s *session) error {
	return s.act("/warnings/"+url.PathEscape(c.ID)+"/cancel", map[string]string{"reason": c.Reason})
}

// stormDecide lets a storm pass or strikes it down; which is the last word.
type stormDecide struct {
	ID     string `arg:"" name:"id"`
	Reason string `placeholder:"TEXT"`
}

// Run decides.
func (c *stormDecide) Run(s *session, k *kong.Context) error {
	return s.act("/storms/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, map[string]string{"reason": c.Reason})
}

type digestRun struct{ waiting }

// Run makes the digests now.
func (c *digestRun) Run(s *session) error {
	if err := s.act("/digest/run", nil); err != nil {
		return err
	}
	return c.settle(s)
}
