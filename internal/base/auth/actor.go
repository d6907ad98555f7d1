package auth

// A Role is what a person is to the city. The seven are CONTRACT's.
type Role string

// The roles.
const (
	Admin      Role = "admin"      // runs the installation and its accounts
	Analyst    Role = "analyst"    // works on the watch floor of the centre
	Officer    Role = "officer"    // answers for a unit and those below it
	Supervisor Role = "supervisor" // city authority: appraises, urges, inspects
	Leader     Role = "leader"     // People's Committee: reads
	Partner    Role = "partner"    // gives information, by machine
	Auditor    Role = "auditor"    // reads what its scope shows, changes nothing
)

// Roles are all roles, in the order of pages.
func Roles() []Role {
	return []Role{Admin, Analyst, Officer, Supervisor, Leader, Partner, Auditor}
}

// Valid says whether r is one of the seven.
func (r Role) Valid() bool { return r.bit() != 0 }

// NeedsOrganisation says whether a person of the role must belong to an
// organisation: an officer or a partner of nobody would see nothing, or all.
func (r Role) NeedsOrganisation() bool { return r == Officer || r == Partner }

// A Via is the way by which an actor came.
type Via string

// The ways.
const (
	ViaSession Via = "session" // signed in with a browser
	ViaToken   Via = "token"   // an API token
	ViaLink    Via = "link"    // the acknowledgement link of a delivery
	ViaStage   Via = "stage"   // the system itself
)

// An Actor is who does something: a person with a session or a token, the
// holder of a link, or the system. The zero Actor is a caller whom nobody
// knows; it may nothing and sees nothing.
type Actor struct {
	ID           int64 // user; 0 for links and stages
	Email        string
	Role         Role
	Organisation int64 // 0 for none
	Scope        Scope
	Via          Via

	Person   string // the person's name, for pages
	Language string // "vi" or "en"

	name    string // of links and stages
	session int64  // the session it came by, 0 for other ways
}

// Name is what the journal writes: an e-mail address, "stage:warn" or
// "link:D12"; "nobody" for the zero Actor.
func (a Actor) Name() string {
	switch {
	case a.name != "":
		return a.name
	case a.Email != "":
		return a.Email
	}
	return "nobody"
}

// Known says whether somebody is there: false for the zero Actor.
func (a Actor) Known() bool { return a.Via != "" }

// Session is the id of the session that the actor came by, 0 for other ways.
func (a Actor) Session() int64 { return a.session }

// Stage is the system itself, acting in the named stage: it may everything.
func Stage(name string) Actor {
	return Actor{Scope: All(), Via: ViaStage, Language: "vi", name: "stage:" + name}
}

// Link is whoever holds the acknowledgement link of a delivery ("D12") that
// went to email, a contact of the organisation. It may see and acknowledge that
// organisation's warnings and nothing else; which warning, the delivery says.
func Link(delivery, email string, organisation int64) Actor {
	return Actor{
		Email: email, Organisation: organisation, Scope: Only(organisation),
		Via: ViaLink, Language: "vi", name: "link:" + delivery,
	}
}
