package cli

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"tocsin/internal/base/errs"
)

// sourceFields are what a source is made of besides its name and format.
type sourceFields struct {
	Kind         *string `placeholder:"KIND"`
	TLP          *string `name:"tlp" placeholder:"TLP"`
	Zone         *string `placeholder:"TZ"`
	Realm        *string `placeholder:"REALM"`
	URL          *string `name:"url" placeholder:"URL"`
	Every        *span   `placeholder:"DURATION"`
	Mapping      *string `placeholder:"FILE"`
	Organisation *string `placeholder:"CODE"`
	Senders      *string `placeholder:"LIST"`
	Reliability  *string `placeholder:"A-F"`
}

func (f sourceFields) body() (map[string]string, error) {
	body := map[string]string{}
	for name, value := range map[string]*string{
		"kind": f.Kind, "tlp": f.TLP, "zone": f.Zone, "realm": f.Realm, "url": f.URL, "every": (*string)(f.Every), "organisation": f.Organisation,
		"senders": f.Senders, "reliability": f.Reliability,
	} {
		if value != nil {
			body[name] = *value
		}
	}
	if f.Mapping != nil {
		raw, err := os.ReadFile(*f.Mapping)
		if err != nil {
			return nil, noFile(*f.Mapping, err)
		}
		body["mapping"] = string(raw)
	}
	return body, nil
}

type sourceAdd struct {
	Name   string `arg:""`
	Format string `required:"" placeholder:"FORMAT"`
	sourceFields
}

// Run adds a source.
func (c *sourceAdd) Run(s *session) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	body["name"], body["format"] = c.Name, c.Format
	return s.act("/sources", body)
}

type sourceEdit struct {
	Name string `arg:""`
	sourceFields
}

// Run changes what is named of a source.
func (c *sourceEdit) Run(s *session) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	server, err := s.server()
	if err != nil {
		return err
	}
	raw, err := server.ask(s.ctx, http.MethodPatch, "/sources/"+url.PathEscape(c.Name), body)
	if err != nil {
		return err
	}
	return s.show(raw)
}

type sourceFetch struct {
	Name string `arg:""`
}

// Run asks for a look at a source now.
func (c *sourceFetch) Run(s *session) error {
	return s.act("/sources/"+url.PathEscape(c.Name)+"/fetch", nil)
}

type sourceSecret struct {
	Name          string `arg:""`
	PasswordStdin bool   ``
	Forget        bool   ``
}

// Run sets what a source asks of its reader, from the first line of standard
// input: a secret stands on no command line.
func (c *sourceSecret) Run(s *session) error {
	if c.Forget == c.PasswordStdin {
		return errs.New(errs.Usage, "want --password-stdin or --forget")
	}
	secret := ""
	if c.PasswordStdin {
		line, err := s.firstLine()
		if err != nil {
			return err
		}
		secret = line
	}
	return s.act("/sources/"+url.PathEscape(c.Name)+"/secret", map[string]string{"secret": secret})
}

// firstLine is the first line of standard input.
func (s *session) firstLine() (string, error) {
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", errs.New(errs.Invalid, "read the password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errs.New(errs.Usage, "--password-stdin: standard input is empty")
	}
	return line, nil
}

// noFile is the error of a file of the caller's that cannot be read.
func noFile(path string, err error) error {
	return errs.At(errs.Invalid, []errs.Place{{File: path, Reason: err.Error()}}, "read %s: %w", path, err)
}
