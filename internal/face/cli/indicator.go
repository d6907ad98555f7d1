package cli

import (
	"net/url"

	"github.com/alecthomas/kong"
)

// indicatorAct keeps an indicator from being matched, or lets it; which is the
// command's last word.
type indicatorAct struct {
	ID     string `arg:"" name:"id"`
	Reason string `required:"" placeholder:"TEXT"`
}

// Run does the act and prints the indicator.
func (c *indicatorAct) Run(s *session, k *kong.Context) error {
	return s.act("/indicators/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, map[string]string{"reason": c.Reason})
}
