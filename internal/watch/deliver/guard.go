package deliver

import (
	"net/http"
	"net/netip"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
)

// guard is the one of all ways out: public addresses, and the private ones that
// the operator listed. A text that netip wrote is always a network.
func (r *Room) guard() *fetch.Guard {
	var list []string
	if r.Settings.Loopback {
		list = append(list, "127.0.0.0/8", "::1")
	}
	for _, p := range r.Settings.Private {
		list = append(list, p.String())
	}
	g, err := fetch.Allow(list...)
	if err != nil {
		panic("deliver: " + err.Error())
	}
	return g
}

// guarded is an HTTP client behind the guard, which looks at the address that is
// dialled, after DNS and for each redirect's connection.
func (r *Room) guarded() *http.Client {
	transport := r.guard().Transport()
	transport.ResponseHeaderTimeout = 15 * time.Second
	return &http.Client{
		Timeout:   20 * time.Second,
		Transport: transport,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errs.New(errs.Denied, "more than three redirects")
			}
			if req.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errs.New(errs.Denied, "redirect from https to %s", req.URL.Scheme)
			}
			return nil
		},
	}
}

// reachable says whether a webhook may go to an address.
func (r *Room) reachable(ip netip.Addr) error { return r.guard().Check(ip) }
