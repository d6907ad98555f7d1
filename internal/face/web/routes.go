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
		{Method: "GET", Pattern: "/live", handle: s.live},
		{Method: "GET", Pattern: "/search", handle: s.search},
		{Method: "GET", Pattern: "/keys", handle: s.keys},
		{Method: "GET", Pattern: "/who-may-what", handle: s.may},

		{Method: "GET", Pattern: "/ack/{token}", Open: true, handle: s.ackOpen},
		{Method: "POST", Pattern: "/ack/{token}", Open: true, handle: s.ackDo},

		{Method: "GET", Pattern: "/sign-in", Open: true, handle: s.signIn},
		{Method: "POST", Pattern: "/sign-in", Open: true, handle: s.signInDo},
		{Method: "POST", Pattern: "/sign-out", handle: s.signOut},
		{Method: "GET", Pattern: "/reset", Open: true, handle: s.resetAsk},
		{Method: "POST", Pattern: "/reset", Open: true, handle: s.resetDo},
		{Method: "GET", Pattern: "/reset/{secret}", Open: true, handle: s.linkOpen},
		{Method: "POST", Pattern: "/reset/{secret}", Open: true, handle: s.linkUse},
		{Method: "GET", Pattern: "/invite/{secret}", Open: true, handle: s.linkOpen},
		{Method: "POST", Pattern: "/invite/{secret}", Open: true, handle: s.linkUse},

		{Method: "GET", Pattern: "/account", handle: s.account},
		{Method: "POST", Pattern: "/account", handle: s.accountEdit},
		{Method: "POST", Pattern: "/account/password", handle: s.passwordChange},
		{Method: "POST", Pattern: "/account/factor", handle: s.factorBegin},
		{Method: "POST", Pattern: "/account/factor/confirm", handle: s.factorConfirm},
		{Method: "POST", Pattern: "/account/factor/codes", handle: s.factorCodes},
		{Method: "POST", Pattern: "/account/factor/end", handle: s.factorEnd},
		{Method: "POST", Pattern: "/account/sessions/end", handle: s.sessionsEnd},
		{Method: "POST", Pattern: "/account/tokens", handle: s.tokenMake},
		{Method: "POST", Pattern: "/sessions/{id}/end", handle: s.sessionEnd},
		{Method: "POST", Pattern: "/tokens/{id}/revoke", handle: s.tokenRevoke},

		{Method: "GET", Pattern: "/people", Act: auth.UserView, handle: s.people},
		{Method: "GET", Pattern: "/people/new", Act: auth.UserInvite, handle: s.invite},
		{Method: "POST", Pattern: "/people/new", Act: auth.UserInvite, handle: s.inviteDo},
		{Method: "GET", Pattern: "/people/{id}", Act: auth.UserView, handle: s.personShow},
		{Method: "POST", Pattern: "/people/{id}", Act: auth.UserEdit, handle: s.personEdit},
		{Method: "POST", Pattern: "/people/{id}/disable", Act: auth.UserEdit, handle: s.personDisable},
		{Method: "POST", Pattern: "/people/{id}/enable", Act: auth.UserEdit, handle: s.personEnable},
		{Method: "POST", Pattern: "/people/{id}/reset", Act: auth.UserInvite, handle: s.personReset},
		{Method: "POST", Pattern: "/people/{id}/factor/end", Act: auth.UserEdit, handle: s.personFactor},

		{Method: "GET", Pattern: "/findings", Act: auth.FindingView, handle: s.findingList},
		{Method: "GET", Pattern: "/findings/{id}", Act: auth.FindingView, handle: s.findingShow},
		{Method: "GET", Pattern: "/findings/{id}/do/{act}", Act: auth.FindingView, handle: s.findingAsk},
		{Method: "POST", Pattern: "/findings/{id}/do/{act}", Act: auth.FindingView, handle: s.findingDo},
		{Method: "GET", Pattern: "/findings/{id}/move", Act: auth.FindingMove, handle: s.findingMove},
		{Method: "POST", Pattern: "/findings/{id}/move", Act: auth.FindingMove, handle: s.findingMoveDo},
		{Method: "GET", Pattern: "/bulk/findings/{act}", Act: auth.FindingView, handle: s.findingBulkAsk},
		{Method: "POST", Pattern: "/bulk/findings/{act}", Act: auth.FindingView, handle: s.findingBulkDo},
	}
}

// workTable is warnings, deliveries, sources, the estate, duty, the journal.
func (s *Site) workTable() []Route { return s.workRoutes() }

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
