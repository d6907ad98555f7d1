package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// searchRows is how many hits of a sort the page shows.
const searchRows = 20

// searchPage is everything that a text leads to, under the reader's scope.
type searchPage struct {
	Text   string
	Owner  *owner
	Groups []hits
}

// An owner is whose the text is, where it is an address or a name.
type owner struct {
	Name, Href, Rule string
}

// hits are findings of one sort.
type hits struct {
	Title string
	All   []hit
	More  string // address of the whole list, "" where there is none
}

// A hit is one result.
type hit struct {
	Label, Href, Note string
}

func (s *Site) search(w http.ResponseWriter, r *http.Request) error {
	a, text := who(r), strings.TrimSpace(r.URL.Query().Get("q"))
	if to, err := s.byID(r, a, text); err != nil {
		return err
	} else if to != "" {
		return s.done(w, r, to, ui.Flash{})
	}
	p := s.page(w, r, "web.search.title")
	d := searchPage{Text: text}
	if text == "" {
		return s.show(w, r, searchView(p, d))
	}
	d.Owner = s.owner(p, a, text)
	for _, look := range []func(*ui.Page, *http.Request, string) (hits, error){
		s.searchFindings, s.searchOrganisations, s.searchAddresses, s.searchEndpoints, s.searchSystems, s.searchContacts,
		s.searchPeople, s.searchDocuments, s.searchIndicators, s.searchAdvisories,
	} {
		found, err := look(p, r, text)
		if errs.Is(err, errs.Denied) {
			continue // Not this reader's to search.
		}
		if err != nil {
			return err
		}
		if len(found.All) > 0 {
			d.Groups = append(d.Groups, found)
		}
	}
	return s.show(w, r, searchView(p, d))
}

// byID is the page of an id that the reader may see, "" for anything else: then
// it is a text like any other.
func (s *Site) byID(r *http.Request, a auth.Actor, text string) (string, error) {
	id := strings.ToUpper(text)
	if !regexp.MustCompile(`^[FWDSQI][1-9][0-9]{0,17}$`).MatchString(id) {
		return "", nil
	}
	var err error
	subject := ""
	switch id[0] {
	case 'F':
		n, _ := finding.ParseID(id)
		_, err = s.Findings.Get(r.Context(), a, n)
		subject = "/findings/{id}"
	case 'W':
		n, _ := warning.ParseID(id)
		_, err = s.Warnings.Get(r.Context(), a, n, i18n.Vietnamese)
		subject = "/warnings/{id}"
	case 'D':
		n, _ := deliver.ParseID(id)
		_, _, err = s.Deliveries.Get(r.Context(), a, n)
		subject = "/outbox/{id}"
	case 'S':
		n, _ := intake.ParseDocument(id)
		_, err = s.Intake.Document(r.Context(), a, n)
		subject = "/documents/{id}"
	case 'Q':
		n, _ := intake.ParseQuarantine(id)
		_, err = s.Intake.Held(r.Context(), a, n)
		subject = "/quarantine/{id}"
	case 'I':
		_, err = s.indicatorOf(r, id)
		subject = "/indicators/{id}"
	}
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) || err == nil && !s.leads(a, subject) {
		return "", nil
	}
	return strings.Replace(subject, "{id}", id, 1), err
}

// owner is whose an address or a name is now, if the reader may see them.
func (s *Site) owner(p *ui.Page, a auth.Actor, text string) *owner {
	o, ok := whose.Parse(text)
	if !ok || o.Thing == whose.AHost {
		return nil
	}
	answer := s.Estate.WhoseIs(whose.Public, o, p.Now)
	if !answer.Owned() || !a.Scope.Has(answer.Organisation) {
		return nil
	}
	return &owner{Name: s.orgName(p, answer.Organisation), Href: s.orgHref(p, answer.Organisation), Rule: s.ruleWords(p, answer.Rule())}
}

func (s *Site) searchFindings(p *ui.Page, r *http.Request, text string) (hits, error) {
	list, err := s.Findings.List(r.Context(), who(r), finding.Filter{Find: text, Order: "worst", Limit: searchRows})
	found := hits{Title: p.T("web.nav.findings")}
	for _, f := range list.Items {
		found.All = append(found.All, hit{
			Label: f.ID.String() + " · " + f.Asset.Value(), Href: "/findings/" + f.ID.String(),
			Note: kindName(p, f.Kind) + " · " + p.T("ui.state.finding."+string(f.State)) + note(s.orgName(p, f.Organisation)),
		})
	}
	if list.Next != "" {
		found.More = "/findings?all=1&q=" + url.QueryEscape(text)
	}
	return found, err
}

func (s *Site) searchOrganisations(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, _, err := s.Estate.Organisations(r.Context(), who(r), estate.Query{Search: text, ByName: true, Limit: searchRows})
	found := hits{Title: p.T("web.nav.organisations")}
	for _, o := range all {
		href := s.orgHref(p, o.ID)
		if href == "" {
			href = "/findings?organisation=" + o.Code
		}
		found.All = append(found.All, hit{Label: o.Name(p.Lang()), Href: href, Note: o.Code})
	}
	return found, err
}

func (s *Site) searchAddresses(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, _, err := s.Estate.Addresses(r.Context(), who(r), estate.Query{Search: text, Limit: searchRows})
	found := hits{Title: p.T("web.search.addresses")}
	for _, x := range all {
		found.All = append(found.All, hit{Label: x.Value, Href: s.codeHref(p, x.Organisation), Note: s.codeName(p, x.Organisation) + realmNote(p, x.Realm)})
	}
	return found, err
}

func (s *Site) searchEndpoints(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, _, err := s.Estate.Endpoints(r.Context(), who(r), estate.Query{Search: text, Limit: searchRows})
	found := hits{Title: p.T("web.search.endpoints")}
	for _, x := range all {
		found.All = append(found.All, hit{Label: x.Hostname, Href: s.codeHref(p, x.Organisation), Note: x.IP + note(s.codeName(p, x.Organisation)) + realmNote(p, x.Realm)})
	}
	return found, err
}

func (s *Site) searchSystems(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, _, err := s.Estate.Systems(r.Context(), who(r), estate.Query{Search: text, ByName: true, Limit: searchRows})
	found := hits{Title: p.T("web.nav.systems")}
	for _, x := range all {
		href := s.codeHref(p, x.Owner)
		if s.leads(who(r), "/systems/{code}") {
			href = "/systems/" + x.Code
		}
		found.All = append(found.All, hit{Label: x.Name(p.Lang()), Href: href, Note: x.Code + note(s.codeName(p, x.Owner))})
	}
	return found, err
}

func (s *Site) searchContacts(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, _, err := s.Estate.ContactList(r.Context(), who(r), estate.Query{Search: text, ByName: true, Limit: searchRows})
	found := hits{Title: p.T("web.search.contacts")}
	for _, x := range all {
		found.All = append(found.All, hit{Label: x.Name, Href: s.codeHref(p, x.Organisation), Note: x.Email + note(x.Phone) + note(s.codeName(p, x.Organisation))})
	}
	return found, err
}

func (s *Site) searchPeople(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, err := s.People.Users(r.Context(), who(r))
	found := hits{Title: p.T("web.nav.people")}
	words := strings.Fields(i18n.Fold(text))
	for _, u := range all {
		key := i18n.Fold(u.Email + " " + u.Name)
		fits := true
		for _, word := range words {
			fits = fits && strings.Contains(key, word)
		}
		if fits && len(found.All) < searchRows {
			found.All = append(found.All, hit{Label: u.Email, Href: "/people/" + u.ID.String(), Note: u.Name + note(p.T("ui.role."+string(u.Role)))})
		}
	}
	return found, err
}

// searchedDocuments is how far back documents are looked through by the name of
// their file.
const searchedDocuments = 1000

func (s *Site) searchDocuments(p *ui.Page, r *http.Request, text string) (hits, error) {
	all, err := s.Intake.Documents(r.Context(), who(r), intake.Filter{Newest: true, Limit: searchedDocuments})
	found := hits{Title: p.T("web.nav.documents")}
	key := i18n.Fold(text)
	for _, d := range all {
		if len(found.All) < searchRows && (strings.Contains(i18n.Fold(d.File), key) || len(key) >= 8 && strings.HasPrefix(d.SHA256, key)) {
			href := ""
			if s.leads(who(r), "/documents/{id}") {
				href = "/documents/" + d.Label()
			}
			found.All = append(found.All, hit{Label: d.Label() + " · " + d.File, Href: href, Note: d.SourceName + note(p.DateTime(d.Received))})
		}
	}
	return found, err
}

func (s *Site) searchIndicators(p *ui.Page, r *http.Request, text string) (hits, error) {
	if !who(r).Scope.IsAll() {
		return hits{}, nil
	}
	all, _, err := s.Intel.List(r.Context(), who(r), intel.Filter{Find: row.Refang(text), Limit: searchRows})
	found := hits{Title: p.T("web.nav.indicators")}
	for _, i := range all {
		found.All = append(found.All, hit{Label: defanged(i), Href: "/indicators/" + i.ID, Note: i.ID + note(i.Type) + note(strings.Join(i.Sources, ", "))})
	}
	return found, err
}

// codeHref is where an organisation's page is, by its code.
func (s *Site) codeHref(p *ui.Page, code string) string {
	id, err := s.Estate.ByCode(code)
	if err != nil {
		return ""
	}
	return s.orgHref(p, id)
}

func note(text string) string {
	if text == "" {
		return ""
	}
	return " · " + text
}

func realmNote(p *ui.Page, realm string) string {
	if realm == whose.Public || realm == "" {
		return ""
	}
	return note(p.T("web.finding.in_realm", "realm", realm))
}
