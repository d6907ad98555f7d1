package cli

import (
	"net/http"
	"net/url"
)

type webhookAdd struct {
	URL          string `arg:"" name:"url"`
	Organisation string `placeholder:"CODE"`
	Relation     string `placeholder:"WORD"`
}

// Run adds a webhook and prints it with its secret, which is shown this once.
func (c *webhookAdd) Run(s *session) error {
	return s.act("/webhooks", map[string]string{"url": c.URL, "organisation": c.Organisation, "relation": c.Relation})
}

type webhookRemove struct {
	ID string `arg:"" name:"id"`
}

// Run takes a webhook away.
func (c *webhookRemove) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	if _, err := server.ask(s.ctx, http.MethodDelete, "/webhooks/"+url.PathEscape(c.ID), nil); err != nil {
		return err
	}
	return s.print(map[string]string{"removed": c.ID})
}
