package fetch

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"tocsin/internal/base/errs"
)

// A Guard says which addresses may be reached: public ones, and what the
// operator listed. The zero Guard lists nothing.
type Guard struct {
	prefixes []netip.Prefix
	hosts    []string
}

// Allow is a guard that also lets pass the listed networks (10.1.0.0/16), single
// addresses, and whatever private address the listed host names resolve to. Any
// other text is errs.Usage.
func Allow(list ...string) (*Guard, error) {
	g := &Guard{}
	for _, text := range list {
		text = strings.ToLower(strings.TrimSpace(text))
		if p, err := netip.ParsePrefix(text); err == nil {
			g.prefixes = append(g.prefixes, p.Masked())
			continue
		}
		if a, err := netip.ParseAddr(text); err == nil {
			a = a.Unmap()
			g.prefixes = append(g.prefixes, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		if text == "" || strings.ContainsAny(text, "/:@ *") {
			return nil, errs.New(errs.Usage, "allow %q: want a network, an address or a host name", text)
		}
		g.hosts = append(g.hosts, strings.TrimSuffix(text, "."))
	}
	return g, nil
}

// Check says whether an address may be reached, errs.Denied with the reason when
// it may not. What is not plainly a public unicast address is refused: loopback,
// private (RFC 1918, 4193), shared (6598), link-local with the metadata services
// of clouds, documentation, multicast, and IPv4 inside IPv6 (mapped, NAT64,
// 6to4, Teredo), which would lead to any of them by another name.
func (g *Guard) Check(ip netip.Addr) error {
	ip = ip.WithZone("")
	if slices.ContainsFunc(g.prefixes, func(p netip.Prefix) bool { return p.Contains(ip) || p.Contains(ip.Unmap()) }) {
		return nil
	}
	if ip.Is4In6() {
		return errs.New(errs.Denied, "reach %s: it is IPv4 inside IPv6", ip)
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

// host looks at a host that is written as an address. The dialled address is
// looked at in any case; this one sees the forms that are gone by then.
func (g *Guard) host(name string) error {
	if ip, err := netip.ParseAddr(name); err == nil {
		return g.Check(ip)
	}
	return nil
}

// DialContext opens a line to host:port if the address that the host resolves to
// may be reached. A name that the operator listed may resolve to a private or
// loopback address, never to a link-local one.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errs.New(errs.Invalid, "reach %s: %w", address, err)
	}
	if err := g.host(host); err != nil {
		return nil, err
	}
	listed := slices.Contains(g.hosts, strings.TrimSuffix(strings.ToLower(host), "."))
	dialer := &net.Dialer{
		Timeout: 10 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil {
				return errs.New(errs.Denied, "reach %s: no address", address)
			}
			if listed && (target.Addr().IsPrivate() || target.Addr().IsLoopback()) {
				return nil
			}
			return g.Check(target.Addr())
		},
	}
	return dialer.DialContext(ctx, network, address)
}

// Transport is an HTTP transport behind the guard. It unpacks nothing by itself.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
		// No proxy: it would dial for us, unchecked.
		Proxy: nil, DialContext: g.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
	}
}

// reserved are the blocks of the IANA special-purpose registries (RFC 6890) that
// are not globally reachable, those that carry an IPv4 address inside, and the
// one public address that is a cloud's metadata service (168.63.129.16).
func reserved() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
	} {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}
