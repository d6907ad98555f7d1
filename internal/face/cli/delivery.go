package cli

import "net/url"

type deliveryRecord struct {
	ID     string `arg:"" name:"id"`
	Result string `arg:""`
	Note   string `placeholder:"TEXT"`
}

// Run records what a person knows of a delivery.
func (c *deliveryRecord) Run(s *session) error {
	return s.act("/deliveries/"+url.PathEscape(c.ID)+"/record", map[string]string{"result": c.Result, "note": c.Note})
}

type deliveryLetter struct {
	ID     string `arg:"" name:"id"`
	Format string `enum:"docx,pdf" default:"pdf" placeholder:"docx|pdf"`
	Out    string `default:"-" placeholder:"FILE"`
}

// Run downloads a letter to be signed.
func (c *deliveryLetter) Run(s *session) error {
	return s.download("/deliveries/"+url.PathEscape(c.ID)+"/letter?format="+c.Format, c.Out)
}

type outboxShow struct {
	ID  string `arg:"" name:"id"`
	Raw bool   ``
}

// Run shows mail that stays here, or with --raw the message itself, byte for
// byte.
func (c *outboxShow) Run(s *session) error {
	path := "/outbox/" + url.PathEscape(c.ID)
	if c.Raw {
		return s.download(path+"/raw", "-")
	}
	return s.showAt(path)
}

type timelinessCommand struct {
	Since when `placeholder:"TIME"`
}

// Run shows how fast warnings reach people, in seconds.
func (c *timelinessCommand) Run(s *session) error {
	q := url.Values{}
	if c.Since != "" {
		q.Set("since", string(c.Since))
	}
	return s.list(nounOf("timeliness"), q, 0)
}

type contactHealthCommand struct {
	Kind         []string `placeholder:"KIND"`
	Organisation string   `placeholder:"CODE"`
}

// Run shows which contacts are unwell, gravest first.
func (c *contactHealthCommand) Run(s *session) error {
	q := url.Values{"kind": c.Kind}
	if c.Organisation != "" {
		q.Set("organisation", c.Organisation)
	}
	return s.list(nounOf("contact-health"), q, 0)
}
