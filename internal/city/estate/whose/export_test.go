package whose

import (
	"fmt"
	"slices"
	"strings"
)

// Dump writes a snapshot out in a fixed order, to compare two.
func Dump(s *Snapshot) string {
	var lines []string
	cells := func(what string, c *cell) {
		for i, sp := range c.spans {
			owner := "nobody"
			if sp.owner != nil {
				owner = fmt.Sprintf("%+v", *sp.owner)
			}
			lines = append(lines, fmt.Sprintf("%s bits %d #%d: %d–%d %+v owner %s %s rank %d",
				what, c.bits, i, sp.from, sp.to, *sp.claim, owner, sp.why, sp.rank))
		}
	}
	for realm, table := range s.spaces {
		for p, c := range table.All() {
			cells(fmt.Sprintf("space %s %s", realm, p), c)
		}
	}
	for k, c := range s.numbers.all {
		cells(fmt.Sprintf("number %v", k), c)
	}
	for k, c := range s.names.all {
		cells(fmt.Sprintf("name %v", k), c)
	}
	for k, c := range s.hosts.all {
		cells(fmt.Sprintf("host %v", k), c)
	}
	for c := range s.claims.all {
		lines = append(lines, fmt.Sprintf("claim %+v", *c))
	}
	for _, b := range s.bodies.all {
		lines = append(lines, fmt.Sprintf("body %+v", *b))
	}
	for _, y := range s.systems.all {
		lines = append(lines, fmt.Sprintf("system %+v", *y))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
