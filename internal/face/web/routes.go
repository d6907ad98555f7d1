package web

import (
	"net/http"
	"slices"

	"tocsin/internal/base/auth"
)

// A Route is one address. Method and Pattern are those of http.ServeMux.
type Route struct {
	Method, Pattern string
	// Act is what the caller's role must allow; "" asks only that somebody is
	// signed in. What the scope hides is the handler's to say, as 404.
	Act auth.Act
	// Open is for everybody, signed in or not.
	Open bool
	// Body is how many bytes a post may hold; 0 is formBytes.
	Body int64

	handle func(w http.ResponseWriter, r *http.Request) error
}

// formBytes is enough for a form with ten thousand ticked rows.
const formBytes = 1 << 20

// Routes is the whole table, for the test that walks it as a stranger.
func (s *Site) Routes() []Route { return slices.Clone(s.routes) }

// table is every address of the site. A page that only reads is GET, whatever
// changes something is POST and goes on to a page that is GET.
func (s *Site) table() []Route {
	return slices.Concat(s.floorTable(), s.workTable())
}

// floorTable is signing in, watching, findings, people.
func (s *Site) floorTable() []Route {
	return []Route{
		{Method: "GET", Pattern: "/{$}", handle: s.home},
	}
}

// workTable is warnings, deliveries, sources, the estate, duty, the journal.
func (s *Site) workTable() []Route {
	return []Route{}
}

// leads says whether the actor may open a GET address of the table: navigation
// and links show only those.
func (s *Site) leads(a auth.Actor, pattern string) bool {
	i := slices.IndexFunc(s.routes, func(r Route) bool { return r.Method == http.MethodGet && r.Pattern == pattern })
	if i < 0 {
		return false
	}
	route := s.routes[i]
	return route.Open || a.Known() && (route.Act == "" || auth.May(a, route.Act) == nil)
}
