package cli

import (
	"net/http"
	"net/url"
	"time"
)

type dutyShow struct{}

// Run shows who is on duty and who comes next.
func (c *dutyShow) Run(s *session) error { return s.showAt("/duty") }

type shiftAdd struct {
	Name  string    `arg:""`
	Email string    `placeholder:"EMAIL"`
	Phone string    `placeholder:"NUMBER"`
	Level int       `default:"1" placeholder:"N"`
	From  time.Time `required:"" placeholder:"TIME"`
	To    time.Time `required:"" placeholder:"TIME"`
}

// Run plans a shift.
func (c *shiftAdd) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	made, err := decode[part](server.ask(s.ctx, http.MethodPost, "/shifts", []any{map[string]any{
		"name": c.Name, "email": c.Email, "phone": c.Phone, "level": c.Level, "from": c.From, "to": c.To,
	}}))
	if err != nil {
		return err
	}
	for _, raw := range made.Items {
		if err := s.show(raw); err != nil {
			return err
		}
	}
	return nil
}

type callRecord struct {
	ID    string `arg:"" name:"id"`
	State string `arg:"" enum:"reached,unreached,wrong-number"`
	Note  string `placeholder:"TEXT"`
}

// Run records what came of a call.
func (c *callRecord) Run(s *session) error {
	return s.act("/calls/"+url.PathEscape(c.ID), map[string]string{"state": c.State, "note": c.Note})
}

type muteAdd struct {
	What   string `arg:"" optional:""`
	Realm  string `placeholder:"REALM"`
	Kind   string `placeholder:"KIND"`
	From   string `placeholder:"TIME"`
	Until  string `required:"" placeholder:"TIME"`
	Reason string `required:"" placeholder:"TEXT"`
}

// Run keeps findings at some assets quiet for a while.
func (c *muteAdd) Run(s *session) error {
	return s.act("/mutes", map[string]string{
		"what": c.What, "realm": c.Realm, "kind": c.Kind, "begins": c.From, "ends": c.Until, "reason": c.Reason,
	})
}

type muteEnd struct {
	ID string `arg:"" name:"id"`
}

// Run ends a mute before its time.
func (c *muteEnd) Run(s *session) error {
	return s.act("/mutes/"+url.PathEscape(c.ID)+"/end", nil)
}
