package warninglist

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/gaissmai/bart"

	"tocsin/internal/watch/intake/row"
)

// A Set is many lists at once. It is never changed and may be used by several
// goroutines. Of several lists that hold a value the first is named.
type Set struct {
	names    []string // of the lists
	networks bart.Table[int]
	hosts    map[string]int // names with all below them
	strings  map[string]int
	below    []held // hosts and strings that are names, from their last label on, sorted
	parts    []held
	patterns []pattern
}

type held struct {
	text string
	list int
}

type pattern struct {
	re   *regexp.Regexp
	list int
}

// NewSet makes the set of lists. An entry that is not of its list's type holds
// nothing, nor does a list of an unknown type.
func NewSet(lists ...row.Benign) *Set {
	s := &Set{hosts: map[string]int{}, strings: map[string]int{}}
	for n, l := range lists {
		s.names = append(s.names, l.Name)
		for _, v := range l.Values {
			s.add(Type(l.Type), v, n)
		}
	}
	slices.SortStableFunc(s.below, func(a, b held) int { return strings.Compare(a.text, b.text) })
	return s
}

func (s *Set) add(t Type, v string, list int) {
	switch t {
	case CIDR:
		if p, ok := network(v); ok {
			if _, had := s.networks.Get(p); !had {
				s.networks.Insert(p, list)
			}
		}
	case Hostname:
		if name, ok := hostname(v); ok {
			first(s.hosts, name, list)
			s.below = append(s.below, held{reversed(name), list})
		}
	case String:
		v = strings.ToLower(strings.TrimSpace(v))
		if v == "" {
			return
		}
		if i, err := row.RecogniseIndicator(v); err == nil {
			v = i.Value // the one text that equal values share
			if i.Type == row.Name {
				s.below = append(s.below, held{reversed(v), list})
			}
		}
		first(s.strings, v, list)
	case Substring:
		if v = strings.ToLower(v); v != "" {
			s.parts = append(s.parts, held{v, list})
		}
	case Regex:
		if re, ok := expression(v); ok {
			s.patterns = append(s.patterns, pattern{re, list})
		}
	}
}

func first(m map[string]int, v string, list int) {
	if _, had := m[v]; !had {
		m[v] = list
	}
}

// fits says whether an entry is of its list's type.
func fits(t Type, v string) bool {
	ok := strings.TrimSpace(v) != ""
	switch t {
	case CIDR:
		_, ok = network(v)
	case Hostname:
		_, ok = hostname(v)
	case Regex:
		_, ok = expression(v)
	case String, Substring:
	}
	return ok
}

func network(v string) (netip.Prefix, bool) {
	v = strings.TrimSpace(v)
	if strings.IndexByte(v, '/') < 0 {
		a, err := netip.ParseAddr(v)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// hostname is an entry of a list of names, canonical; one label is enough, for
// lists name top-level domains too.
func hostname(v string) (string, bool) {
	name, err := row.HostName(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(v), "*"), "."))
	return name, err == nil
}

// expression reads /body/flags, as the lists write them for PCRE; what RE2 cannot
// read is none.
func expression(v string) (*regexp.Regexp, bool) {
	v = strings.TrimSpace(v)
	var flags []rune
	if end := strings.LastIndexByte(v, '/'); end > 0 && v[0] == '/' {
		for _, f := range v[end+1:] {
			switch f {
			case 'i', 'm', 's':
				flags = append(flags, f)
			case 'u', 'D':
			default:
				return nil, false
			}
		}
		v = v[1:end]
	}
	if v == "" {
		return nil, false
	}
	if len(flags) > 0 {
		v = "(?" + string(flags) + ")" + v
	}
	// PCRE lets any sign be escaped, RE2 only those that have a meaning.
	re, err := regexp.Compile(strings.NewReplacer(`\\`, `\\`, `\@`, "@", `\/`, "/", `\-`, `\-`, `\"`, `"`, `\'`, "'").Replace(v))
	return re, err == nil
}

// reversed writes a name from its last label on, each with a dot behind it:
// com.example. — so that a name stands before all below it.
func reversed(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// Len is how many lists the set has.
func (s *Set) Len() int { return len(s.names) }

// Holds says whether a list holds an indicator, and which.
//
// A network is held by a list that has it, part of it, or a network around it,
// for it would hit what the list protects; so is a domain, which stands for all
// below it. Of a URL a list of names holds the host; a list of strings holds the
// URL itself, or its host where the URL is nothing but the host. A list of
// substrings or expressions looks at the text. Lists are of values, not of the
// attribute types that they are meant for: a person decides.
func (s *Set) Holds(i row.Indicator) (name string, ok bool) {
	list := -1
	switch i.Type {
	case row.IPv4, row.IPv6, row.CIDR:
		list = s.holdsNetwork(i.Value)
	case row.Name:
		if list = s.holdsHost(i.Value); list < 0 {
			list = s.holdsBelow(i.Value)
		}
	case row.Link:
		list = s.holdsURL(i.Value)
	case row.SHA256, row.SHA1, row.MD5:
	}
	if list < 0 {
		list = s.holdsText(i.Value)
	}
	if list < 0 {
		return "", false
	}
	return s.names[list], true
}

func (s *Set) holdsNetwork(v string) int {
	p, ok := network(v)
	if !ok {
		return -1
	}
	if list, ok := s.networks.LookupPrefix(p); ok {
		return list
	}
	for _, list := range s.networks.Subnets(p) {
		return list
	}
	return -1
}

// holdsHost walks from a name to its last label.
func (s *Set) holdsHost(name string) int {
	for name != "" {
		if list, ok := s.hosts[name]; ok {
			return list
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return -1
}

// holdsBelow looks for a name of a list at or below the indicator's.
func (s *Set) holdsBelow(name string) int {
	r := reversed(name)
	n, _ := slices.BinarySearchFunc(s.below, r, func(h held, r string) int { return strings.Compare(h.text, r) })
	if n < len(s.below) && strings.HasPrefix(s.below[n].text, r) {
		return s.below[n].list
	}
	return -1
}

func (s *Set) holdsURL(v string) int {
	host, err := row.HostOfURL(v)
	if err != nil {
		return -1
	}
	if host.Scheme() == row.SchemeDomain {
		if list := s.holdsHost(host.Value()); list >= 0 {
			return list
		}
	}
	if _, rest, ok := strings.Cut(v, "://"); ok && strings.IndexByte(rest, '/') == len(rest)-1 {
		if list, ok := s.strings[host.Value()]; ok {
			return list
		}
	}
	return -1
}

func (s *Set) holdsText(v string) int {
	if list, ok := s.strings[v]; ok {
		return list
	}
	if len(s.parts) > 0 {
		lower := strings.ToLower(v)
		for _, p := range s.parts {
			if strings.Contains(lower, p.text) {
				return p.list
			}
		}
	}
	for _, p := range s.patterns {
		if p.re.MatchString(v) {
			return p.list
		}
	}
	return -1
}
