package finding

import (
	"net/netip"
	"strconv"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/match"
)

// foundAtMost is how many findings one way of finding gives: a search shows the
// gravest of them and says that there are more.
const foundAtMost = 500

// found are the findings that a text names, each way of it by an index: an id, an
// address or the beginning of one, a network, a name with all below it, a
// machine, a product, the beginning of a discriminator (a CVE, a family).
func (r *Room) found(tx *db.Tx, who auth.Actor, text string) (ids []int64, err error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if id, err := ParseID(strings.ToUpper(text)); err == nil {
		return []int64{int64(id)}, nil
	}
	if text == "" {
		return nil, nil
	}
	add := func(condition string, args ...any) {
		if err != nil {
			return
		}
		var some []int64
		err = tx.Select(&some, `SELECT id FROM finding WHERE `+condition+` AND `+readable(who)+` LIMIT `+strconv.Itoa(foundAtMost), args...)
		ids = append(ids, some...)
	}
	if low, high, ok := addressRange(text); ok {
		realms, err := realms(tx)
		if err != nil {
			return nil, err
		}
		for _, realm := range realms {
			add(`realm = $1 AND ip >= $2 AND ip <= $3`, realm, addressBytes(low), addressBytes(high))
		}
		return ids, err
	}
	if name, nameErr := row.DomainName(text); nameErr == nil {
		from := match.Reversed(name)
		add(`rname <> '' AND rname >= $1 AND rname < $2`, from, from[:len(from)-1]+"/")
	}
	add(`rname <> '' AND rname >= $1 AND rname < $2`, "host:"+text, "host:"+text+"\U0010FFFF")
	for _, beginning := range []string{text, strings.ToUpper(text)} {
		add(`discriminator >= $1 AND discriminator < $2 AND live = 1`, beginning, beginning+"\U0010FFFF")
	}
	return ids, err
}

// realms are the realms that findings are in, by one step in the index each.
func realms(tx *db.Tx) (out []string, err error) {
	for at := ""; ; {
		var next *string
		if err := tx.Get(&next, `SELECT MIN(realm) FROM finding WHERE ip IS NOT NULL AND realm > $1`, at); err != nil {
			return nil, err
		}
		if next == nil {
			return out, nil
		}
		out = append(out, *next)
		at = *next
	}
}

// addressRange reads an address, a network, or the beginning of an IPv4 address
// up to a dot or an octet: "203", "203.0.", "203.0.113".
func addressRange(text string) (low, high netip.Addr, ok bool) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip, ip, true
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		low, high := bounds(p.Masked())
		return low, high, true
	}
	octets := strings.Split(strings.TrimSuffix(text, "."), ".")
	if len(octets) > 3 {
		return low, high, false
	}
	var b [4]byte
	for i, o := range octets {
		n, err := strconv.ParseUint(o, 10, 8)
		if err != nil {
			return low, high, false
		}
		b[i] = byte(n)
	}
	low, high = bounds(netip.PrefixFrom(netip.AddrFrom4(b), 8*len(octets)))
	return low, high, true
}
