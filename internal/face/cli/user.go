package cli

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/alecthomas/kong"

	"tocsin/internal/face/api"
)

type userAdd struct {
	Email         string `arg:""`
	Role          string `required:"" placeholder:"ROLE"`
	Organisation  string `placeholder:"CODE"`
	Name          string `placeholder:"NAME"`
	Speaks        string `placeholder:"vi|en" enum:",vi,en" default:""`
	PasswordStdin bool   ``
}

// Run makes an account, with a password from the first line of standard input
// or with an invitation.
func (c *userAdd) Run(s *session) error {
	body := map[string]string{"email": c.Email, "role": c.Role}
	for name, value := range map[string]string{"organisation": c.Organisation, "name": c.Name, "language": c.Speaks} {
		if value != "" {
			body[name] = value
		}
	}
	if c.PasswordStdin {
		line, err := s.firstLine()
		if err != nil {
			return err
		}
		body["password"] = line
	}
	return s.act("/users", body)
}

// userAct is an act on an account that says nothing besides.
type userAct struct {
	ID string `arg:"" name:"user"`
}

// Run does the act.
func (c *userAct) Run(s *session, k *kong.Context) error {
	return s.act("/users/"+url.PathEscape(c.ID)+"/"+k.Selected().Name, nil)
}

type userDisable struct {
	ID     string `arg:"" name:"user"`
	Reason string `placeholder:"TEXT"`
}

// Run shuts an account.
func (c *userDisable) Run(s *session) error {
	return s.act("/users/"+url.PathEscape(c.ID)+"/disable", map[string]string{"reason": c.Reason})
}

type tokenCreate struct {
	User    string `placeholder:"EMAIL"`
	Name    string `placeholder:"NAME"`
	Expires string `placeholder:"DATE"`
}

// Run makes a token and prints it alone.
func (c *tokenCreate) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	raw, err := server.ask(s.ctx, http.MethodPost, "/tokens", map[string]string{"user": c.User, "name": c.Name, "expires": c.Expires})
	made, err := decode[api.NewToken](raw, err)
	if err != nil {
		return err
	}
	if s.JSON || s.JSONL {
		return s.line(raw)
	}
	_, err = fmt.Fprintln(s.out, made.Token)
	return err
}

type tokenRevoke struct {
	ID string `arg:"" name:"id"`
}

// Run ends a token.
func (c *tokenRevoke) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	if _, err := server.ask(s.ctx, http.MethodDelete, "/tokens/"+url.PathEscape(c.ID), nil); err != nil {
		return err
	}
	return s.print(map[string]string{"revoked": c.ID})
}
