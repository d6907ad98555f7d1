package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

// A client calls the API of one server.
type client struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
}

// The files of a server's folder by which its clients on the same machine find
// it.
const (
	urlFile   = "url"
	tokenFile = "admin.token"
)

// server is the client of the server that the caller means.
func (s *session) server() (*client, error) {
	if s.client != nil {
		return s.client, nil
	}
	base, token, err := s.reach()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errs.New(errs.Usage, "%q is no address of a server: want http://HOST:PORT", base)
	}
	s.client = &client{base: strings.TrimRight(base, "/") + api.Prefix, token: token, http: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: 10 * time.Second,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		},
		// A token goes where the caller sent it and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return s.client, nil
}

// reach says where the server is and by which token to call it: by --data, else
// by TOCSIN_URL and TOCSIN_TOKEN, else by the folder that TOCSIN_DATA_DIR names.
// Beside --data, TOCSIN_TOKEN makes the caller somebody else than the folder's
// admin, unless TOCSIN_URL says that it belongs to another server.
func (s *session) reach() (base, token string, err error) {
	base, token = s.value("TOCSIN_URL"), s.value("TOCSIN_TOKEN")
	if s.Data == "" || (base != "" && s.Data == s.value("TOCSIN_DATA_DIR")) {
		if base == "" {
			return "", "", errs.New(errs.Usage, "%s", s.voice.T("cli.no-server"))
		}
		return base, token, nil
	}
	at, err := read(filepath.Join(s.Data, urlFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", "", errs.New(errs.Unavailable, "%s", s.voice.T("cli.not-running", "data", s.Data))
	}
	if err != nil {
		return "", "", errs.New(errs.Unavailable, "find the server: %w", err)
	}
	if token != "" && (base == "" || strings.TrimRight(base, "/") == strings.TrimRight(at, "/")) {
		return at, token, nil
	}
	token, err = read(filepath.Join(s.Data, tokenFile))
	if err != nil {
		return "", "", errs.New(errs.Denied, "read the token: %w", err)
	}
	return at, token, nil
}

func read(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// A call is one request.
type call struct {
	method string
	path   string
	query  url.Values
	body   io.Reader
	header http.Header
}

// do sends a call and returns an answer that is no error. The caller closes its
// body.
func (c *client) do(ctx context.Context, k call) (*http.Response, error) {
	at := c.base + k.path
	if len(k.query) > 0 {
		at += "?" + k.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, k.method, at, k.body)
	if err != nil {
		return nil, errs.New(errs.Usage, "call %s: %w", at, err)
	}
	maps.Copy(r.Header, k.header)
	r.Header.Set("Accept", "application/json, application/problem+json")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	a, err := c.http.Do(r)
	if err != nil {
		if p, ok := errors.AsType[*sending](err); ok {
			return nil, p.err
		}
		return nil, errs.New(errs.Unavailable, "%w", err)
	}
	if a.StatusCode >= 200 && a.StatusCode < 300 {
		return a, nil
	}
	defer func() { _ = a.Body.Close() }()
	return nil, refused(a)
}

// awaited is the header by which a large body is sent only when the server takes
// it: a refusal would else be lost in the broken line.
func awaited(h http.Header) http.Header {
	h.Set("Expect", "100-continue")
	return h
}

// sending is an error of the caller's own file while it is being sent.
type sending struct{ err error }

func (e *sending) Error() string { return e.err.Error() }

// refused is the problem that an answer carries.
func refused(a *http.Response) error {
	const longest = 16 << 20 // places of a large file's refused rows
	body, err := io.ReadAll(io.LimitReader(a.Body, longest))
	p := &problem{}
	if err == nil && strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(body, &p.Problem) == nil && p.Code != "" {
		return p
	}
	code := status(a.StatusCode)
	return errs.New(code, "the server answered %s", a.Status)
}

// ask sends a call with a JSON body, nil for none, and returns the JSON of the
// answer.
func (c *client) ask(ctx context.Context, method, path string, body any) (json.RawMessage, error) {
	k := call{method: method, path: path}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, errs.New(errs.Internal, "call %s: %w", path, err)
		}
		k.body, k.header = bytes.NewReader(b), http.Header{"Content-Type": {"application/json"}}
	}
	return c.json(ctx, k)
}

func (c *client) json(ctx context.Context, k call) (json.RawMessage, error) {
	a, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.Body.Close() }()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "read the answer of %s: %w", k.path, err)
	}
	return bytes.TrimSpace(raw), nil
}

func decode[T any](raw json.RawMessage, err error) (T, error) {
	var v T
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, errs.New(errs.Internal, "the server's answer is not what was asked for: %w", err)
	}
	return v, nil
}

// pageSize is how many items a list asks for at once.
const pageSize = 1000

type part struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next"`
}

// list follows the cursors of a list to its end, or to limit items when that is
// above 0, and gives each page to take.
func (c *client) list(ctx context.Context, n noun, query url.Values, limit int, take func([]json.RawMessage) error) error {
	q := url.Values{}
	maps.Copy(q, query)
	for left := limit; ; {
		size := pageSize
		if limit > 0 {
			size = min(size, left)
		}
		if !n.whole {
			q.Set("limit", strconv.Itoa(size))
		}
		p, err := decode[part](c.json(ctx, call{method: http.MethodGet, path: "/" + n.path, query: q}))
		if err != nil {
			return err
		}
		if limit > 0 && len(p.Items) > left {
			p.Items, p.Next = p.Items[:left], ""
		}
		if err := take(p.Items); err != nil {
			return err
		}
		left -= len(p.Items)
		if p.Next == "" || (limit > 0 && left <= 0) {
			return nil
		}
		q.Set("cursor", p.Next)
	}
}
