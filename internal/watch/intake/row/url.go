package row

import (
	"net/netip"
	"net/url"
	"strings"
)

// URL is the asset of an absolute URL, canonical.
func URL(s string) (Asset, error) {
	u, err := CanonicalURL(s)
	if err != nil {
		return "", err
	}
	return Asset("url:" + u), nil
}

// CanonicalURL writes an absolute URL with a host the one way that equal ones
// share (RFC 3986 §6.2): scheme and host in lower case, IDN as ASCII, default
// port, user information and fragment dropped, dot segments resolved, escapes in
// capitals and only where needed, "/" for the empty path.
func CanonicalURL(s string) (string, error) {
	refused := &Refusal{Fault: FaultURL, Value: s}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme == "" || u.Host == "" || u.Opaque != "" {
		return "", refused
	}
	host, err := urlHost(u)
	if err != nil {
		return "", refused
	}
	scheme := strings.ToLower(u.Scheme)
	var b strings.Builder
	b.WriteString(scheme + "://" + host)
	if p := u.Port(); p != "" {
		if n, ok := port(p); !ok {
			return "", refused
		} else if n != defaultPort(scheme) {
			b.WriteString(":" + n)
		}
	}
	b.WriteString(dotless(escape(u.EscapedPath(), false)))
	if u.RawQuery != "" {
		b.WriteString("?" + escape(u.RawQuery, true))
	}
	return b.String(), nil
}

// HostOfURL is the asset that a URL points at: its address or its domain.
func HostOfURL(s string) (Asset, error) {
	refused := &Refusal{Fault: FaultURL, Value: s}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" {
		return "", refused
	}
	if a, err := IP(u.Hostname()); err == nil {
		return a, nil
	}
	d, err := Domain(u.Hostname())
	if err != nil {
		return "", refused
	}
	return d, nil
}

func urlHost(u *url.URL) (string, error) {
	name := u.Hostname()
	if a, err := netip.ParseAddr(name); err == nil {
		if a.Zone() != "" {
			return "", &Refusal{Fault: FaultURL, Value: name}
		}
		if a = a.Unmap(); a.Is6() {
			return "[" + a.String() + "]", nil
		}
		return a.String(), nil
	}
	return HostName(name)
}

// port reads a port and writes it without leading zeros.
func port(s string) (string, bool) {
	s = strings.TrimLeft(s, "0")
	if s == "" || len(s) > 5 || !digits(s) || len(s) == 5 && s > "65535" {
		return "", false
	}
	return s, true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	case "ftp":
		return "21"
	}
	return ""
}

// escape writes percent escapes in capitals, undoes those of unreserved
// characters, and escapes what may not stand bare.
func escape(s string, query bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16 {
			v := unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
			if unreserved(v) {
				b.WriteByte(v)
				continue
			}
			b.WriteString("%" + string(hex[v>>4]) + string(hex[v&15]))
			continue
		}
		if unreserved(c) || strings.IndexByte("!$&'()*+,;=:@/", c) >= 0 || query && c == '?' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
	}
	return b.String()
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// unhex is the value of a hexadecimal digit, 16 of anything else.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// dotless resolves . and .. (RFC 3986 §5.2.4) and leaves empty segments alone.
func dotless(p string) string {
	if p == "" {
		return "/"
	}
	if !strings.Contains(p, "/.") {
		return p
	}
	var out []string
	segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}
