package whose

import (
	"net/netip"
	"strings"
	"time"
)

// Others returns who else claims the observable at the time, in the order in
// which they would have been asked, without the organisation that WhoseIs
// answers. A page shows them, so that a person sees what the rule passed over;
// each organisation stands once. It allocates and is not meant for bulk.
func (s *Snapshot) Others(realm string, o Observable, at time.Time) []Answer {
	chosen := s.WhoseIs(realm, o, at)
	realms := []string{realm}
	if realm != Public {
		realms = append(realms, Public)
	}
	when := at.UnixMicro()
	seen := map[int64]bool{0: true, chosen.Organisation: true}
	var others []Answer
	take := func(c *cell, parent bool) {
		if c == nil {
			return
		}
		for i := range c.spans {
			sp := &c.spans[i]
			if !sp.valid(when) || sp.owner == nil || seen[sp.owner.ID] {
				continue
			}
			seen[sp.owner.ID] = true
			others = append(others, s.answer(sp, parent))
		}
	}
	for _, r := range realms {
		s.cells(r, o, take)
	}
	return others
}

// cells hands over every cell in which claims of the observable can stand.
func (s *Snapshot) cells(realm string, o Observable, take func(c *cell, parent bool)) {
	switch o.Thing {
	case AnAddress:
		s.cellsOfAddress(realm, o, take)
	case ANumber:
		c, _ := s.numbers.get(numberKey{realm, o.Number})
		take(c, false)
	case ADomain:
		s.cellsOfName(realm, o.Text, take)
	case AHost:
		name, ok := NormalHost(o.Text)
		if !ok {
			return
		}
		c, _ := s.hosts.get(nameKey{realm, name})
		take(c, false)
		if strings.Contains(name, ".") {
			s.cellsOfName(realm, name, take)
		}
	case AURL:
		host, ok := HostOf(o.Text)
		if !ok {
			return
		}
		if ip, err := netip.ParseAddr(host); err == nil {
			s.cellsOfAddress(realm, Address(ip, 0), take)
			return
		}
		s.cellsOfName(realm, host, take)
	}
}

func (s *Snapshot) cellsOfAddress(realm string, o Observable, take func(c *cell, parent bool)) {
	if !o.Addr.IsValid() {
		return
	}
	ip := o.Addr.Unmap().WithZone("")
	if realm == Public && Special(ip) {
		return
	}
	if table := s.spaces[realm]; table != nil {
		for c, ok := table.Lookup(ip); ok; c, ok = shorter(table, ip, c.bits) {
			take(c, false)
		}
	}
	if o.Number != 0 && !Special(ip) {
		c, _ := s.numbers.get(numberKey{realm, o.Number})
		take(c, false)
	}
}

func (s *Snapshot) cellsOfName(realm, text string, take func(c *cell, parent bool)) {
	name, ok := NormalName(text)
	if !ok {
		return
	}
	registered := registeredFrom(name)
	for rest := name; ; {
		if c, ok := s.names.get(nameKey{realm, rest}); ok && (len(rest) == len(name) || len(rest) >= registered) {
			take(c, len(rest) < len(name))
		}
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			return
		}
		rest = rest[dot+1:]
	}
}
