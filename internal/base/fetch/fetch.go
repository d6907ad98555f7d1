// Package fetch is the only way out over HTTP. It holds limits of time, size and
// decompression, follows few redirects, and reaches public addresses alone
// unless the operator listed others: the address that is dialled is looked at,
// after DNS and for every redirect, so that a name that changes its answer gains
// nothing.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/errs"
)

// Options of a client. The zero value of a field has the default beside it.
type Options struct {
	Guard     *Guard         // who may be reached; nil is public addresses only
	Plain     bool           // http:// too, not only https://
	Roots     *x509.CertPool // who may vouch for a server; nil is the machine's own list
	Timeout   time.Duration  // of a whole request with its body; 15 minutes
	Stall     time.Duration  // without a byte, of the head and of the body; one minute
	MaxBody   int64          // bytes of an answer, unpacked; 1 GiB
	Ratio     int64          // unpacked bytes per packed byte, from a megabyte on; 400
	Redirects int            // 5
	UserAgent string         // Tocsin
	Clock     clock.Clock    // for Retry-After with a date; the machine's
}

// A Client fetches. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client
}

// New is a client.
func New(o Options) *Client {
	if o.Guard == nil {
		o.Guard = &Guard{}
	}
	o.Timeout = given(o.Timeout, 15*time.Minute)
	o.Stall = given(o.Stall, time.Minute)
	o.MaxBody = given(o.MaxBody, 1<<30)
	o.Ratio = given(o.Ratio, 400)
	o.Redirects = given(o.Redirects, 5)
	o.UserAgent = given(o.UserAgent, "Tocsin")
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	c := &Client{options: o}
	transport := o.Guard.Transport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
	transport.ResponseHeaderTimeout = o.Stall
	c.http = &http.Client{Transport: transport, CheckRedirect: c.redirect}
	return c
}

func given[T comparable](v, otherwise T) T {
	var none T
	if v == none {
		return otherwise
	}
	return v
}

// Close gives up the connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Request is what is asked for.
type Request struct {
	URL          string
	ETag         string      // of the copy at hand: If-None-Match
	LastModified string      // of the copy at hand: If-Modified-Since
	Accept       string      // "" is anything
	Header       http.Header // more of it: Authorization
	Post         []byte      // nil is GET, else POST of this JSON
	MaxBody      int64       // less than the client's; 0 is the client's
}

// A Result is an answer of the 200s, or that nothing has changed.
type Result struct {
	Status       int
	NotModified  bool   // the copy at hand is still good; Body is empty
	URL          string // where the answer came from, after redirects
	ETag         string
	LastModified string
	Type         string // Content-Type
	Header       http.Header
	// Body is the answer, unpacked where it was sent with Content-Encoding gzip.
	// A read beyond a limit fails with TooLarge, one that breaks off with
	// Unavailable. The caller closes it.
	Body io.ReadCloser
}

// Do asks once. Errors: Invalid for an address that is none, Denied for one that
// may not be reached and for 401 and 403, NotFound for 404, Gone for 410,
// TooMany for 429, TooLarge for a size beyond the limit, Unavailable for all
// else that may be better another time; RetryAfter tells when the server said
// so.
func (c *Client) Do(ctx context.Context, r Request) (Result, error) {
	u, err := c.address(r.URL)
	if err != nil {
		return Result{}, err
	}
	// The time ends when the body is closed.
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	var body io.Reader = http.NoBody
	method := http.MethodGet
	if r.Post != nil {
		method, body = http.MethodPost, bytes.NewReader(r.Post)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		cancel()
		return Result{}, errs.New(errs.Invalid, "fetch %s: %w", u.Redacted(), err)
	}
	c.head(req, r)
	answer, err := c.http.Do(req)
	if err != nil {
		cancel()
		return Result{}, unreached(u, err)
	}
	result, err := c.result(u, answer, r, cancel)
	if err != nil {
		_ = answer.Body.Close() // what it says does not matter any more
		cancel()
	}
	return result, err
}

// address holds a URL to the schemes that are spoken. A password in it would
// stand in logs.
func (c *Client) address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errs.New(errs.Invalid, "fetch %q: not an address", text)
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, errs.New(errs.Invalid, "fetch %q: want https://HOST/PATH", u.Redacted())
	case u.User != nil:
		return nil, errs.New(errs.Invalid, "fetch %q: no name and password in the address", u.Redacted())
	case u.Scheme == "http" && !c.options.Plain:
		return nil, errs.New(errs.Denied, "fetch %s: plain http is not allowed", u)
	}
	if err := c.options.Guard.host(u.Hostname()); err != nil {
		return nil, err
	}
	return u, nil
}

func (c *Client) head(req *http.Request, r Request) {
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("User-Agent", c.options.UserAgent)
	req.Header.Set("Accept-Encoding", "gzip") // said here, the transport leaves the unpacking to us
	if r.Post != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range map[string]string{"Accept": r.Accept, "If-None-Match": r.ETag, "If-Modified-Since": r.LastModified} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
}

// redirect follows within limits, never from https to http, and takes the key
// along only to the same origin.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > c.options.Redirects {
		return errs.New(errs.Unavailable, "more than %d redirects", c.options.Redirects)
	}
	if req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
		return errs.New(errs.Denied, "redirect from https to %s", req.URL.Scheme)
	}
	if _, err := c.address(req.URL.String()); err != nil {
		return err
	}
	if req.URL.Scheme != via[0].URL.Scheme || req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	return nil
}

// unreached gives a failure of the line its code; what the guard or a redirect
// said stands inside.
func unreached(u *url.URL, err error) error {
	if own, ok := errors.AsType[*errs.Error](err); ok {
		return errs.New(own.Code, "fetch %s: %w", u.Redacted(), own)
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err // it repeats the address
	}
	return errs.New(errs.Unavailable, "fetch %s: %w", u.Redacted(), err)
}

func (c *Client) result(u *url.URL, answer *http.Response, r Request, cancel context.CancelFunc) (Result, error) {
	out := Result{
		Status: answer.StatusCode, URL: answer.Request.URL.String(), ETag: answer.Header.Get("ETag"),
		LastModified: answer.Header.Get("Last-Modified"), Type: answer.Header.Get("Content-Type"), Header: answer.Header,
	}
	switch {
	case answer.StatusCode == http.StatusNotModified:
		out.NotModified, out.Body = true, http.NoBody
		// A server need not repeat what still holds (RFC 9110 §15.4.5).
		out.ETag, out.LastModified = given(out.ETag, r.ETag), given(out.LastModified, r.LastModified)
		err := answer.Body.Close()
		cancel()
		if err != nil {
			return out, unreached(u, err)
		}
		return out, nil
	case answer.StatusCode/100 != 2:
		return out, c.refused(u, answer)
	}
	most := c.options.MaxBody
	if r.MaxBody > 0 {
		most = min(most, r.MaxBody)
	}
	if answer.ContentLength > most {
		return out, errs.New(errs.TooLarge, "fetch %s: the answer has %d bytes, more than %d", u.Redacted(), answer.ContentLength, most)
	}
	out.Body = newBody(answer, bodyLimits{what: u.Redacted(), most: most, ratio: c.options.Ratio, stall: c.options.Stall, cancel: cancel})
	if encoding := strings.ToLower(answer.Header.Get("Content-Encoding")); encoding != "" && encoding != "identity" && encoding != "gzip" && encoding != "x-gzip" {
		return out, errs.New(errs.Unavailable, "fetch %s: packed with %q, asked for gzip", u.Redacted(), encoding)
	}
	return out, nil
}

// A later is an error of a server that says when to come again.
type later struct {
	error

	after time.Duration
}

// Unwrap gives the error itself.
func (l *later) Unwrap() error { return l.error }

// RetryAfter is how long a server asked to be left alone, 0 when it did not.
func RetryAfter(err error) time.Duration {
	if l, ok := errors.AsType[*later](err); ok {
		return l.after
	}
	return 0
}

func (c *Client) refused(u *url.URL, answer *http.Response) error {
	code := errs.Unavailable
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		code = errs.Denied
	case http.StatusNotFound:
		code = errs.NotFound
	case http.StatusGone:
		code = errs.Gone
	case http.StatusTooManyRequests:
		code = errs.TooMany
	}
	err := errs.New(code, "fetch %s: the server answers %s", u.Redacted(), answer.Status)
	if after := retryAfter(answer.Header.Get("Retry-After"), c.options.Clock.Now()); after > 0 {
		return &later{err, after}
	}
	return err
}

// retryAfter reads both forms (RFC 9110 §10.2.3), at most a day.
func retryAfter(text string, now time.Time) time.Duration {
	var after time.Duration
	if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31); err == nil {
		after = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), 24*time.Hour)
}
