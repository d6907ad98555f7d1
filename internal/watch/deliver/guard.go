package deliver

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"tocsin/internal/base/errs"
)

// guarded is an HTTP client that reaches public addresses only, and the private
// ones that the operator listed. The check is made on the address that is
// dialled, after DNS and for each redirect's connection, so that a name that
// changes its answer gains nothing.
func (r *Room) guarded() *http.Client {
	dialer := &net.Dialer{
		Timeout: 10 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil {
				return errs.New(errs.Denied, "reach %s: no address", address)
			}
			return r.reachable(target.Addr())
		},
	}
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			// No proxy: it would dial for us, unchecked.
			Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
			ResponseHeaderTimeout: 15 * time.Second, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		},
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

// reachable says whether a webhook may go to an address. What is not plainly a
// public unicast address is refused: loopback, private (RFC 1918, 4193), shared
// (6598), link-local, documentation, multicast, and v4 inside v6.
func (r *Room) reachable(ip netip.Addr) error {
	ip = ip.Unmap()
	if ip.IsLoopback() && r.Settings.Loopback {
		return nil
	}
	for _, p := range r.Settings.Private {
		if p.Contains(ip) {
			return nil
		}
	}
	for _, p := range reserved() {
		if p.Contains(ip) {
			return errs.New(errs.Denied, "reach %s: it is in %s, which is not public", ip, p)
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return errs.New(errs.Denied, "reach %s: it is not public", ip)
	}
	return nil
}

// reserved are the blocks of the IANA special-purpose registries (RFC 6890) that
// are not globally reachable, and those that carry an IPv4 address inside.
func reserved() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}
