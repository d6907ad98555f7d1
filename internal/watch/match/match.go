// Package match decides what a report row means for the estate: whose it is,
// and under which key its finding stands. It does no input or output.
package match

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/city/estate/whose"
	"tocsin/internal/watch/intake/row"
)

// A Key names a problem: realm, asset, kind and discriminator. Its owner is not
// in it, for assets change hands.
type Key [16]byte

// KeyOf is the key of a problem. Each part carries its length, so that no two
// problems share a key by where their texts break.
func KeyOf(realm string, asset row.Asset, kind row.Kind, discriminator string) Key {
	b := make([]byte, 0, 160)
	for _, part := range []string{realm, string(asset), string(kind), discriminator} {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return Key(sum[:16])
}

// Whose answers the question behind every warning (estate's snapshot does).
type Whose interface {
	WhoseIs(realm string, o whose.Observable, at time.Time) whose.Answer
}

// Owner says whose an asset was at a time, by its address and, for an address
// that nobody claims, by the AS number that the source states.
func Owner(w Whose, realm string, asset row.Asset, asn uint32, at time.Time) whose.Answer {
	o, ok := whose.ParseAsset(string(asset))
	if network, is := asset.Prefix(); !ok && is {
		o, ok = whose.Address(network.Addr(), 0), true // a network belongs to whom its first address does
	}
	if !ok {
		return whose.Answer{Reason: whose.Malformed}
	}
	o.Number = asn
	return w.WhoseIs(realm, o, at)
}

// Address is the asset's IP address, if it is one.
func Address(asset row.Asset) (netip.Addr, bool) {
	text, ok := strings.CutPrefix(string(asset), "ip:")
	if !ok {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(text)
	return ip, err == nil
}

// ReversedName is the asset's domain name with its labels turned around and
// closed by dots ("vn.example.www."), so that all names below one are a range; a
// machine's name as it is behind "host:", which no domain begins with; "" for an
// asset without a name.
func ReversedName(asset row.Asset) string {
	kind, text, _ := strings.Cut(string(asset), ":")
	switch kind {
	case "url":
		host, ok := whose.HostOf(text)
		if !ok {
			return ""
		}
		if _, err := netip.ParseAddr(host); err == nil {
			return ""
		}
		text = host
	case "domain":
	case "host":
		return string(asset)
	default:
		return ""
	}
	return Reversed(text)
}

// Reversed is a domain name with its labels turned around.
func Reversed(name string) string {
	if name == "" {
		return ""
	}
	labels := strings.Split(name, ".")
	var b strings.Builder
	for _, label := range slices.Backward(labels) {
		b.WriteString(label)
		b.WriteByte('.')
	}
	return b.String()
}
