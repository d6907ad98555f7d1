package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/face/web/ui"
)

// A part is one property of a kind of record: a column of its estate file, and
// so a field of its form and a line of its page.
type part struct {
	Name     string // the column
	Needed   bool
	Words    string   // prefix of the texts of Values
	Values   []string // the closed set that it is one of
	Date     bool
	Number   bool
	Long     bool   // several lines
	Mono     bool   // an address, a code
	Ref      string // "organisation" or "system": the value is a code of one
	Fixed    bool   // never changes once given
	Unlisted bool   // no column of the estate file: the form alone has it
}

// A dossier is a record of the estate as its page shows it: values by column.
type dossier struct {
	ID       string
	Title    string
	Owner    string // code of the organisation it is about
	Revision int64
	Values   map[string]string
	Raw      any // the record itself
}

// A noun is a kind of record of the estate with its pages: a list, a page, a
// form.
type noun struct {
	Word   string // "contact": in texts and in the journal's subjects
	Path   string // "/contacts"
	Sheet  sheet.Kind
	View   auth.Act
	Edit   auth.Act
	Parts  []part
	Load   func(ctx context.Context, a auth.Actor, id string) (dossier, error)
	Save   func(ctx context.Context, a auth.Actor, id string, revision int64, in sheet.Rows, form url.Values) (dossier, error)
	Remove func(ctx context.Context, a auth.Actor, id string) error // nil: it is ended, never removed
	Find   func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error)
	// Shown are the columns of lists; the first names the record.
	Shown []string
	// Filters are the parts that a list can be narrowed by.
	Filters []string
}

// nouns are all kinds of records but organisations, which have pages of their
// own, in the order of an organisation's tabs.
func (s *Site) nouns() []noun {
	holder := part{Name: "organisation", Needed: true, Ref: "organisation", Mono: true}
	system := part{Name: "system", Ref: "system", Mono: true}
	realm := part{Name: "realm", Mono: true}
	return []noun{
		{
			Word: "contact", Path: "/contacts", Sheet: sheet.Contacts, View: auth.ContactView, Edit: auth.ContactEdit,
			Parts: []part{
				holder,
				{Name: "name", Needed: true},
				{Name: "email", Needed: true, Mono: true},
				{Name: "phone", Mono: true},
				{Name: "role"},
				{Name: "language", Words: "work.language.", Values: sheet.Languages()},
				{Name: "order", Number: true},
				{Name: "hours", Mono: true},
				{Name: "person", Words: "work.person.", Values: sheet.YesNo()},
				{Name: "pgp", Long: true, Mono: true, Unlisted: true},
				{Name: "smime", Long: true, Mono: true, Unlisted: true},
			},
			Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
				c, err := s.Estate.ShowContact(ctx, a, estate.ID(id))
				return contactDossier(c), err
			},
			Save: func(ctx context.Context, a auth.Actor, id string, revision int64, in sheet.Rows, form url.Values) (dossier, error) {
				x := in.Contacts[0]
				c, err := s.Estate.PutContact(ctx, a, estate.Contact{
					ID: estate.ID(id), Organisation: x.Organisation, Name: x.Name, Email: x.Email, Phone: x.Phone, Role: x.Role, Language: x.Language,
					Order: x.Order, Hours: x.Hours, Person: x.Person, PGP: form.Get("pgp"), SMIME: form.Get("smime"), Revision: revision,
				})
				return contactDossier(c), err
			},
			Remove: func(ctx context.Context, a auth.Actor, id string) error {
				return s.Estate.RemoveContact(ctx, a, estate.ID(id))
			},
			Find: func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error) {
				return found(contactDossier)(s.Estate.ContactList(ctx, a, q))
			},
			Shown: []string{"name", "organisation", "role", "email", "phone", "order", "hours", "language"},
		},
		{
			Word: "system", Path: "/systems", Sheet: sheet.Systems, View: auth.EstateView, Edit: auth.EstateEdit,
			Parts: []part{
				{Name: "code", Needed: true, Mono: true, Fixed: true},
				{Name: "name_vi", Needed: true},
				{Name: "name_en"},
				{Name: "owner", Needed: true, Ref: "organisation", Mono: true},
				{Name: "operator", Ref: "organisation", Mono: true},
				{Name: "kind", Needed: true, Words: "estate.system-kind.", Values: sheet.SystemKinds()},
				{Name: "level", Words: "work.level.", Values: []string{"1", "2", "3", "4", "5"}},
				{Name: "criticality", Words: "estate.criticality.", Values: sheet.Criticalities()},
				{Name: "depends_on", Mono: true},
				{Name: "status", Words: "estate.status.", Values: sheet.Statuses()},
			},
			Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
				x, err := s.Estate.ShowSystem(ctx, a, id)
				return systemDossier(x), err
			},
			Save: func(ctx context.Context, a auth.Actor, _ string, revision int64, in sheet.Rows, _ url.Values) (dossier, error) {
				x := in.Systems[0]
				got, err := s.Estate.PutSystem(ctx, a, estate.System{
					Code: x.Code, NameVI: x.NameVI, NameEN: x.NameEN, Owner: x.Owner, Operator: x.Operator, Kind: x.Kind, Level: x.Level,
					Criticality: x.Criticality, DependsOn: x.DependsOn, Status: x.Status, Revision: revision,
				})
				return systemDossier(got), err
			},
			Find: func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error) {
				q.ByName = true
				return found(systemDossier)(s.Estate.Systems(ctx, a, q))
			},
			Shown:   []string{"name_vi", "code", "owner", "kind", "level", "criticality", "status", "operator"},
			Filters: []string{"kind", "level", "criticality", "status"},
		},
		{
			Word: "address", Path: "/addresses", Sheet: sheet.Addresses, View: auth.EstateView, Edit: auth.EstateEdit,
			Parts: []part{
				holder,
				{Name: "kind", Needed: true, Words: "estate.address-kind.", Values: sheet.AddressKinds()},
				{Name: "value", Needed: true, Mono: true},
				realm, system,
				{Name: "valid_from", Date: true},
				{Name: "valid_to", Date: true},
			},
			Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
				x, err := s.Estate.ShowAddress(ctx, a, estate.ID(id))
				return addressDossier(x), err
			},
			Save: func(ctx context.Context, a auth.Actor, id string, revision int64, in sheet.Rows, _ url.Values) (dossier, error) {
				x := in.Addresses[0]
				got, err := s.Estate.PutAddress(ctx, a, estate.Address{
					ID: estate.ID(id), Organisation: x.Organisation, Kind: x.Kind, Value: x.Value, Realm: x.Realm, System: x.System,
					ValidFrom: x.ValidFrom, ValidTo: x.ValidTo, Revision: revision,
				})
				return addressDossier(got), err
			},
			Find: func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error) {
				return found(addressDossier)(s.Estate.Addresses(ctx, a, q))
			},
			Shown:   []string{"value", "kind", "organisation", "system", "valid_from", "valid_to", "realm"},
			Filters: []string{"kind"},
		},
		{
			Word: "endpoint", Path: "/endpoints", Sheet: sheet.Endpoints, View: auth.EstateView, Edit: auth.EstateEdit,
			Parts: []part{
				holder,
				{Name: "hostname", Needed: true, Mono: true},
				{Name: "kind", Needed: true, Words: "estate.endpoint-kind.", Values: sheet.EndpointKinds()},
				{Name: "ip", Mono: true},
				realm,
				{Name: "os"},
				system,
			},
			Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
				x, err := s.Estate.ShowEndpoint(ctx, a, estate.ID(id))
				return endpointDossier(x), err
			},
			Save: func(ctx context.Context, a auth.Actor, id string, revision int64, in sheet.Rows, _ url.Values) (dossier, error) {
				x := in.Endpoints[0]
				got, err := s.Estate.PutEndpoint(ctx, a, estate.Endpoint{
					ID: estate.ID(id), Organisation: x.Organisation, Hostname: x.Hostname, Kind: x.Kind, IP: x.IP, Realm: x.Realm, OS: x.OS,
					System: x.System, Revision: revision,
				})
				return endpointDossier(got), err
			},
			Remove: func(ctx context.Context, a auth.Actor, id string) error {
				return s.Estate.RemoveEndpoint(ctx, a, estate.ID(id))
			},
			Find: func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error) {
				return found(endpointDossier)(s.Estate.Endpoints(ctx, a, q))
			},
			Shown:   []string{"hostname", "kind", "ip", "realm", "os", "organisation", "system"},
			Filters: []string{"kind"},
		},
		{
			Word: "software", Path: "/software", Sheet: sheet.Software, View: auth.EstateView, Edit: auth.EstateEdit,
			Parts: []part{
				holder,
				{Name: "vendor", Needed: true},
				{Name: "product", Needed: true},
				{Name: "version", Mono: true},
				{Name: "cpe", Mono: true},
				{Name: "purl", Mono: true},
				{Name: "hostname", Mono: true},
				system,
			},
			Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
				x, err := s.Estate.ShowSoftware(ctx, a, estate.ID(id))
				return softwareDossier(x), err
			},
			Save: func(ctx context.Context, a auth.Actor, id string, revision int64, in sheet.Rows, _ url.Values) (dossier, error) {
				x := in.Software[0]
				got, err := s.Estate.PutSoftware(ctx, a, estate.Software{
					ID: estate.ID(id), Organisation: x.Organisation, Vendor: x.Vendor, Product: x.Product, Version: x.Version, CPE: x.CPE, PURL: x.PURL,
					Hostname: x.Hostname, System: x.System, Revision: revision,
				})
				return softwareDossier(got), err
			},
			Remove: func(ctx context.Context, a auth.Actor, id string) error {
				return s.Estate.RemoveSoftware(ctx, a, estate.ID(id))
			},
			Find: func(ctx context.Context, a auth.Actor, q estate.Query) ([]dossier, string, error) {
				return found(softwareDossier)(s.Estate.SoftwareList(ctx, a, q))
			},
			Shown: []string{"product", "vendor", "version", "hostname", "organisation", "system", "cpe"},
		},
	}
}

// bodyNoun is an organisation as a record with a form.
func (s *Site) bodyNoun() noun {
	return noun{
		Word: "organisation", Path: "/organisations", Sheet: sheet.Organisations, View: auth.EstateView, Edit: auth.EstateEdit,
		Parts: []part{
			{Name: "code", Needed: true, Mono: true, Fixed: true},
			{Name: "name_vi", Needed: true},
			{Name: "name_en"},
			{Name: "kind", Needed: true, Words: "estate.kind.", Values: sheet.OrganisationKinds()},
			{Name: "parent", Ref: "organisation", Mono: true},
			{Name: "tier", Needed: true, Words: "estate.tier.", Values: sheet.Tiers()},
			{Name: "sector"},
			{Name: "valid_from", Date: true},
			{Name: "valid_to", Date: true},
		},
		Load: func(ctx context.Context, a auth.Actor, id string) (dossier, error) {
			o, err := s.Estate.ShowOrganisation(ctx, a, id)
			return bodyDossier(o), err
		},
		Save: func(ctx context.Context, a auth.Actor, _ string, revision int64, in sheet.Rows, _ url.Values) (dossier, error) {
			x := in.Organisations[0]
			got, err := s.Estate.PutOrganisation(ctx, a, estate.Organisation{
				Code: x.Code, NameVI: x.NameVI, NameEN: x.NameEN, Kind: x.Kind, Parent: x.Parent, Tier: x.Tier, Sector: x.Sector,
				ValidFrom: x.ValidFrom, ValidTo: x.ValidTo, Revision: revision,
			})
			return bodyDossier(got), err
		},
	}
}

func contactDossier(c estate.Contact) dossier {
	return dossier{ID: string(c.ID), Title: c.Name, Owner: c.Organisation, Revision: c.Revision, Values: valuesOf(c), Raw: c}
}

func systemDossier(x estate.System) dossier {
	return dossier{ID: x.Code, Title: x.NameVI, Owner: x.Owner, Revision: x.Revision, Values: valuesOf(x), Raw: x}
}

func addressDossier(x estate.Address) dossier {
	return dossier{ID: string(x.ID), Title: x.Value, Owner: x.Organisation, Revision: x.Revision, Values: valuesOf(x), Raw: x}
}

func endpointDossier(x estate.Endpoint) dossier {
	return dossier{ID: string(x.ID), Title: x.Hostname, Owner: x.Organisation, Revision: x.Revision, Values: valuesOf(x), Raw: x}
}

func softwareDossier(x estate.Software) dossier {
	return dossier{ID: string(x.ID), Title: strings.TrimSpace(x.Product + " " + x.Version), Owner: x.Organisation, Revision: x.Revision, Values: valuesOf(x), Raw: x}
}

func bodyDossier(o estate.Organisation) dossier {
	return dossier{ID: o.Code, Title: o.NameVI, Owner: o.Code, Revision: o.Revision, Values: valuesOf(o), Raw: o}
}

// found turns a list of records into dossiers.
func found[T any](turn func(T) dossier) func([]T, string, error) ([]dossier, string, error) {
	return func(all []T, next string, err error) ([]dossier, string, error) {
		out := make([]dossier, len(all))
		for i, x := range all {
			out[i] = turn(x)
		}
		return out, next, err
	}
}

// valuesOf are a record's values by column: its JSON has the columns' names.
func valuesOf(record any) map[string]string {
	raw, err := json.Marshal(record)
	if err != nil {
		panic("web: a record of the estate is plain data: " + err.Error())
	}
	return columnsOf(raw)
}

// columnsOf are the values of a record as the journal has it.
func columnsOf(raw json.RawMessage) map[string]string {
	values := map[string]string{}
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return values // null, or erased: it has none.
	}
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			values[name] = v
		case float64:
			if v != 0 {
				values[name] = strconv.FormatInt(int64(v), 10)
			}
		case []any:
			var all []string
			for _, item := range v {
				if text, ok := item.(string); ok {
					all = append(all, text)
				}
			}
			values[name] = strings.Join(all, " ")
		}
	}
	return values
}

// name is the record's name in the page's language.
func (d dossier) name(p *ui.Page) string {
	if p.Lang() == "en" && d.Values["name_en"] != "" {
		return d.Values["name_en"]
	}
	return d.Title
}

func (n noun) part(name string) part {
	return n.Parts[slices.IndexFunc(n.Parts, func(x part) bool { return x.Name == name })]
}

func (n noun) href(id string) string { return n.Path + "/" + url.PathEscape(id) }

// label is what a part is called: its own word in this noun where it has one.
func (n noun) label(p *ui.Page, name string) string {
	if key := "work.part." + n.Word + "." + name; p.Has(key) {
		return p.T(key)
	}
	return p.T("work.part." + name)
}

// says is a part's value in words.
func (x part) says(p *ui.Page, value string) string {
	switch {
	case value == "":
		return ""
	case len(x.Values) > 0 && slices.Contains(x.Values, value):
		return p.T(x.Words + value)
	case x.Name == "realm":
		return realmName(p, value)
	}
	return value
}

// cell shows a part's value; a code leads to what it names.
func (s *Site) cell(p *ui.Page, x part, value string) templ.Component {
	switch {
	case value == "":
		return ui.None(p)
	case x.Ref == "organisation" && x.Name != "organisation" && x.Name != "owner":
		return s.stranger(p, value)
	case x.Ref == "organisation":
		return s.body(p, value)
	case x.Ref == "system":
		return ui.Link("/systems/"+url.PathEscape(value), value)
	case x.Name == "depends_on":
		var all []templ.Component
		for code := range strings.FieldsSeq(value) {
			all = append(all, ui.Link("/systems/"+url.PathEscape(code), code))
		}
		return ui.Join(all...)
	case x.Long:
		return ui.Text(p.T("work.part.is_set"))
	case x.Mono && x.Name != "realm":
		return ui.Code(value)
	}
	return ui.Text(x.says(p, value))
}

// line reads a posted form as the one line of an estate file, so that a form and
// a file are refused for the same reasons, told in the reader's language.
func (n noun) line(p *ui.Page, form url.Values) (sheet.Rows, bool) {
	var columns, values []string
	for _, x := range n.Parts {
		if !x.Unlisted {
			columns, values = append(columns, x.Name), append(values, tidy(form, x.Name))
		}
	}
	var file bytes.Buffer
	lines := csv.NewWriter(&file)
	for _, line := range [][]string{columns, values} {
		if err := lines.Write(line); err != nil {
			panic("web: a buffer takes every line: " + err.Error())
		}
	}
	lines.Flush()
	sheets, err := sheet.Read(string(n.Sheet)+".csv", file.Bytes())
	if err != nil || len(sheets) != 1 || sheets[0].Kind != n.Sheet {
		wrong(p, "", "work.wrong.record")
		return sheet.Rows{}, false
	}
	for _, why := range sheets[0].Refused {
		p.Problems = append(p.Problems, ui.Problem{Field: why.Field, Text: capital(strings.TrimPrefix(why.Text(p), why.Field+": "))})
	}
	if len(p.Problems) == 0 && sheets[0].Rows.Len() != 1 {
		wrong(p, "", "work.wrong.empty")
	}
	return sheets[0].Rows, len(p.Problems) == 0
}

// capital begins a sentence.
func capital(text string) string {
	for i, c := range text {
		return strings.ToUpper(string(c)) + text[i+len(string(c)):]
	}
	return text
}

// refusedKey says what is wrong with the key of a contact, at its field.
func refusedKey(p *ui.Page, err error) bool {
	var why *envelope.Refusal
	places := errs.PlacesOf(err)
	if !errors.As(err, &why) || len(places) == 0 {
		return false
	}
	wrong(p, places[0].Field, "work.key.flaw."+string(why.Flaw))
	return true
}

// keyFacts is what a contact's keys say of themselves.
func keyFacts(p *ui.Page, c estate.Contact) (facts []ui.Fact) {
	for _, k := range c.Keys {
		lines := []string{k.Fingerprint}
		if k.EndsAt != nil {
			lines = append(lines, p.T("work.key.ends", "at", p.Date(*k.EndsAt)))
		}
		if k.Stranger && k.Trouble != envelope.Unusable {
			lines = append(lines, p.T("work.key.stranger", "email", c.Email))
		}
		state := ui.Badge(ui.ToneGood, p.T("work.key.sound"))
		if k.Trouble != envelope.Sound {
			state = ui.Badge(ui.ToneHigh, p.T("work.key.trouble."+string(k.Trouble)))
			lines = append(lines, p.T("work.key.notice"))
		}
		facts = append(facts, ui.Fact{Label: p.T("work.part." + string(k.Kind)), Value: state, Note: strings.TrimSpace(strings.Join(lines, " · "))})
	}
	return facts
}

// refusedRecord says what the room had against a record that was sound in itself.
func refusedRecord(p *ui.Page, err error) bool {
	if refusedKey(p, err) {
		return true
	}
	switch errs.CodeOf(err) {
	case errs.Conflict:
		wrong(p, "", "work.wrong.conflict.estate")
	case errs.Invalid:
		wrong(p, "", "work.wrong.reference", "reason", err.Error())
	default:
		return false
	}
	return true
}
