package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
)

// said is what a person says beside an act.
type said struct {
	Reason string `json:"reason,omitempty" placeholder:"TEXT"`
	Until  string `json:"until,omitempty" placeholder:"DATE"`
}

// findingAct is every act on one finding; which one is the command's last word.
type findingAct struct {
	ID string `arg:"" name:"id"`
	said
}

// Run does the act and prints the finding.
func (c *findingAct) Run(s *session, k *kong.Context) error {
	return s.act("/findings/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, c.said)
}

type findingMove struct {
	ID     string `arg:"" name:"id"`
	To     string `required:"" placeholder:"CODE"`
	Reason string `required:"" placeholder:"TEXT"`
}

// Run gives the finding to another organisation; "none" is nobody.
func (c *findingMove) Run(s *session) error {
	to := c.To
	if to == "none" {
		to = ""
	}
	return s.act("/findings/"+url.PathEscape(c.ID)+"/move", map[string]string{"organisation": to, "reason": c.Reason})
}

type findingBulk struct {
	Act     string   `arg:"" enum:"ack,start,fixed,verify,false-positive,accept,reopen"`
	IDs     []string `arg:"" name:"id"`
	Preview bool     ``
	said
}

// bulkMost is how many findings the API takes at once.
const bulkMost = 1000

// Run does one act to several findings. Those that do not allow it are left as
// they are, and make the command fail with conflict when it is done.
func (c *findingBulk) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	p := s.printer([]string{"id", "from", "to", "refused"})
	refused := 0
	for ids := c.IDs; len(ids) > 0; {
		n := min(bulkMost, len(ids))
		body := map[string]any{"act": c.Act, "ids": ids[:n], "preview": c.Preview, "reason": c.Reason, "until": c.Until}
		ids = ids[n:]
		done, err := decode[part](server.ask(s.ctx, http.MethodPost, "/findings/bulk", body))
		if err != nil {
			return err
		}
		for _, raw := range done.Items {
			one, err := decode[struct {
				Refused string `json:"refused"`
			}](raw, nil)
			if err != nil {
				return err
			}
			if one.Refused != "" {
				refused++
			}
		}
		if err := p.take(done.Items); err != nil {
			return err
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	if refused > 0 && !c.Preview {
		return errs.New(errs.Conflict, "%s", s.voice.N("cli.refused", refused))
	}
	return nil
}

type findingEvidence struct {
	ID    string `arg:"" name:"id"`
	Limit int    `default:"100" placeholder:"N"`
}

// Run prints what the finding rests on, newest first.
func (c *findingEvidence) Run(s *session) error {
	n := noun{path: "findings/" + url.PathEscape(c.ID) + "/evidence", columns: []string{"document", "line", "at", "source", "file"}}
	return s.list(n, nil, c.Limit)
}

type findingTally struct {
	Organisation string   `placeholder:"CODE"`
	By           []string `placeholder:"WORD"`
}

// Run counts findings.
func (c *findingTally) Run(s *session) error {
	q := url.Values{}
	if c.Organisation != "" {
		q.Set("organisation", c.Organisation)
	}
	columns := []string{"severity", "state"}
	if len(c.By) > 0 {
		q.Set("by", strings.Join(c.By, ","))
		columns = c.By
	}
	return s.list(noun{path: "findings/tally", columns: append(columns, "count"), whole: true}, q, 0)
}

// find shows one of a list that the API has no own way to.
func (s *session) find(n noun, id string) error {
	c, err := s.server()
	if err != nil {
		return err
	}
	var found json.RawMessage
	err = c.list(s.ctx, n, nil, 0, func(items []json.RawMessage) error {
		for _, raw := range items {
			one, err := decode[struct {
				ID string `json:"id"`
			}](raw, nil)
			if err != nil {
				return err
			}
			if one.ID == id {
				found = raw
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if found == nil {
		return errs.New(errs.NotFound, "%q: no such id", id)
	}
	return s.show(found)
}
