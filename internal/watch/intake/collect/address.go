package collect

import (
	"net/netip"
	"net/url"
	"path"
	"strings"

	"tocsin/internal/base/errs"
)

// A way is how a source is collected.
type way string

// The ways.
const (
	byHTTP   way = "http"
	byTAXII  way = "taxii"
	byMISP   way = "misp"
	byFolder way = "folder"
	byIMAP   way = "imap"
)

// An address is a source's address, understood.
type address struct {
	way     way
	url     string // of HTTP, TAXII, MISP: what is asked, without the prefix
	secure  bool   // TLS
	folder  string
	host    string // of IMAP, host:port
	user    string
	mailbox string
	origin  string // scheme://host: where a secret may be shown
}

// Check says whether an address can be collected; errs.Invalid with the field
// url otherwise.
func Check(text string) error {
	_, err := parseAddress(text)
	return err
}

func parseAddress(text string) (a address, err error) {
	wrong := func(reason string) error {
		return errs.At(errs.Invalid, []errs.Place{{Field: "url", Reason: reason}}, "collect from %q: %s", shown(text), reason)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return a, wrong("want https://, taxii+https://, misp+https://, imaps:// or file:///")
	}
	if _, has := u.User.Password(); has {
		return a, wrong("no password in the address: set it as the source's secret")
	}
	if u.Scheme == "file" {
		folder := path.Clean(u.Path)
		if u.Host != "" || u.User != nil || !path.IsAbs(folder) || folder == "/" {
			return a, wrong("want file:///FOLDER")
		}
		return address{way: byFolder, folder: folder}, nil
	}
	if u.Hostname() == "" {
		return a, wrong("the host is missing")
	}
	a.origin = u.Scheme + "://" + strings.ToLower(u.Host)
	switch u.Scheme {
	case "imap", "imaps":
		a.way, a.secure, a.user = byIMAP, u.Scheme == "imaps", u.User.Username()
		a.mailbox = strings.Trim(u.Path, "/")
		if a.user == "" {
			return a, wrong("want imaps://USER@HOST/MAILBOX")
		}
		if a.mailbox == "" {
			a.mailbox = "INBOX"
		}
		port := u.Port()
		if port == "" {
			port = map[bool]string{true: "993", false: "143"}[a.secure]
		}
		a.host = u.Hostname() + ":" + port
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Is6() {
			a.host = "[" + u.Hostname() + "]:" + port
		}
		return a, nil
	}
	if u.User != nil {
		return a, wrong("no name in the address: set it as the source's secret")
	}
	prefix, scheme, two := strings.Cut(u.Scheme, "+")
	if !two {
		prefix, scheme = "", u.Scheme
	}
	if scheme != "https" && scheme != "http" {
		return a, wrong(u.Scheme + " is no way to collect")
	}
	a.secure = scheme == "https"
	plain := *u
	plain.Scheme, plain.Fragment = scheme, ""
	switch prefix {
	case "":
		a.way = byHTTP
	case "taxii":
		a.way = byTAXII
		if !strings.Contains(plain.Path, "/collections/") {
			return a, wrong("want taxii+https://HOST/API-ROOT/collections/ID/")
		}
		plain.Path = strings.TrimSuffix(strings.TrimSuffix(plain.Path, "/"), "/objects") + "/objects/"
	case "misp":
		a.way = byMISP
		plain.Path = strings.TrimSuffix(plain.Path, "manifest.json")
		if !strings.HasSuffix(plain.Path, "/") {
			plain.Path += "/"
		}
	default:
		return a, wrong(u.Scheme + " is no way to collect")
	}
	a.url = plain.String()
	return a, nil
}

// shown is an address without its password.
func shown(text string) string {
	if u, err := url.Parse(text); err == nil {
		return u.Redacted()
	}
	return "(not an address)"
}
