package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

// waitingRows is how many held indicators stand above the others on the first
// page; a poisoned list that holds more has a page of its own, one click away.
const waitingRows = 25

// bulkIndicators is how many indicators one bulk act may take.
const bulkIndicators = 1000

// defanged is an indicator's value in a form that no browser and no telephone
// makes a link of: it is an address of an attacker.
func defanged(i intel.Indicator) string {
	value := i.Value
	switch row.IndicatorType(i.Type) {
	case row.Link:
		scheme, rest, ok := strings.Cut(value, "://")
		if !ok {
			return value
		}
		host, path, slash := strings.Cut(rest, "/")
		value = strings.Replace(scheme, "http", "hxxp", 1) + "://" + strings.ReplaceAll(host, ".", "[.]")
		if slash {
			value += "/" + path
		}
	case row.IPv4, row.IPv6, row.CIDR, row.Name:
		value = strings.ReplaceAll(value, ".", "[.]")
	case row.SHA256, row.SHA1, row.MD5:
	}
	return value
}

// heldWords says why an indicator waits for a person, "" where it does not wait.
func (s *Site) heldWords(p *ui.Page, i intel.Indicator) string {
	if i.State != intel.IsHeld {
		return ""
	}
	if i.DecidedBy != "" {
		return p.T("threat.held.person", "who", i.DecidedBy, "reason", i.Reason)
	}
	word, datum, _ := strings.Cut(i.HeldBy, ": ")
	switch word {
	case "ours":
		return p.T("threat.held.ours", "name", s.codeName(p, datum))
	case "broad":
		return p.T("threat.held.broad", "prefix", datum)
	case "benign":
		return p.T("threat.held.benign", "list", datum)
	}
	return i.HeldBy
}

func indicatorFilter(q url.Values) intel.Filter {
	return intel.Filter{
		Text: row.Refang(strings.TrimSpace(q.Get("q"))), State: intel.State(q.Get("state")), Type: row.IndicatorType(q.Get("type")), Source: q.Get("source"), Newest: true,
	}
}

func (s *Site) indicators(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.indicators")
	f := indicatorFilter(p.URL.Query())
	f.Limit = wanted(r)
	f.After, _ = strconv.ParseInt(p.Query("cursor"), 10, 64) // nonsense is the first page
	rows, next, err := s.Intel.List(r.Context(), who(r), f)
	if err != nil {
		return err
	}
	counts, err := s.Intel.Counts(r.Context(), who(r))
	if err != nil {
		return err
	}
	sources, err := s.Intake.Sources(r.Context(), who(r))
	if err != nil {
		return err
	}
	if f.State == "" {
		// What waits for a person stands above, whatever its age.
		rows = slices.DeleteFunc(rows, func(i intel.Indicator) bool { return i.State == intel.IsHeld })
		if f.After == 0 {
			held := f
			held.State, held.Limit = intel.IsHeld, waitingRows
			waiting, _, err := s.Intel.List(r.Context(), who(r), held)
			if err != nil {
				return err
			}
			rows = slices.Concat(waiting, rows)
		}
	}
	states := ui.Filter{Name: "state", Label: p.T("work.state")}
	for _, state := range []intel.State{intel.IsHeld, intel.Active, intel.Expired, intel.IsRevoked} {
		states.Options = append(states.Options, ui.Option{Value: string(state), Label: p.T("ui.state.indicator." + string(state)), Count: int(counts[state])})
	}
	cursor := ""
	if next > 0 {
		cursor = strconv.FormatInt(next, 10)
	}
	l := listing[intel.Indicator]{
		Top: top{Heading: ui.Heading{Lead: p.T("threat.indicators.lead")}},
		Table: ui.Table[intel.Indicator]{
			ID: "indicators", Caption: p.T("web.nav.indicators"), Rows: rows, Next: cursor,
			Key: func(i intel.Indicator) string { return i.ID }, Href: func(i intel.Indicator) string { return "/indicators/" + i.ID },
			Columns: s.indicatorColumns(p),
			Bar: ui.FilterBar{Find: p.T("threat.indicators.find"), Filters: []ui.Filter{
				states,
				{Name: "type", Label: p.T("threat.type"), Options: options(words(p, "threat.type.", kinds(row.IndicatorTypes())...))},
				{Name: "source", Label: p.T("work.document.source"), Options: options(sourceChoices(sources))},
			}},
			Empty: ui.Nothing{Title: p.T("threat.indicators.none"), Why: p.T("threat.indicators.none_why"), Acts: []ui.Button{{Label: p.T("web.nav.sources"), Href: "/sources"}}},
		},
	}
	if may(r, auth.IndicatorDecide) {
		l.Table.Bulk = []ui.BulkAct{{Label: p.T("threat.release"), Preview: "/bulk/indicators/release"}, {Label: p.T("threat.hold"), Preview: "/bulk/indicators/hold"}}
		if f.State != "" && f.Text == "" && f.Type == "" && f.Source == "" {
			l.Table.Total = int(counts[f.State])
		}
	}
	if n := counts[intel.IsHeld]; n > 0 && f.State == "" && f.After == 0 {
		l.Before = []templ.Component{notice(ui.ToneMedium, strong(p.N("threat.indicators.waiting", int(n))), ui.Text(" "), ui.Link("/indicators?state=held", p.T("threat.indicators.only_waiting")))}
	}
	return showList(s, w, r, p, l)
}

func (s *Site) indicatorColumns(p *ui.Page) []ui.Column[intel.Indicator] {
	type one = intel.Indicator
	return []ui.Column[one]{
		{Key: "value", Label: p.T("threat.value"), Wide: true, Cell: func(i one) templ.Component { return ui.Code(shortened(defanged(i))) }},
		{Key: "state", Label: p.T("work.state"), Cell: func(i one) templ.Component { return ui.State(p, "indicator", string(i.State)) }},
		{Key: "why", Label: p.T("threat.why_held"), Wide: true, Cell: func(i one) templ.Component { return some(p, s.heldWords(p, i)) }},
		{Key: "type", Label: p.T("threat.type"), Cell: func(i one) templ.Component { return ui.Text(p.T("threat.type." + i.Type)) }},
		{Key: "confidence", Label: p.T("threat.confidence"), Number: true, Cell: func(i one) templ.Component { return ui.Text(p.Int(int64(i.Confidence))) }},
		{Key: "sources", Label: p.T("web.column.sources"), Cell: func(i one) templ.Component { return ui.Text(strings.Join(i.Sources, ", ")) }},
		{Key: "last", Label: p.T("web.column.last_seen"), Off: true, Cell: func(i one) templ.Component { return ui.Ago(p, i.LastSeen) }},
		{Key: "until", Label: p.T("threat.until"), Cell: func(i one) templ.Component { return ui.Ago(p, i.ValidUntil) }},
		{Key: "sightings", Label: p.T("threat.sightings"), Number: true, Off: true, Cell: func(i one) templ.Component { return number(p, i.Sightings) }},
		{Key: "tlp", Label: p.T("work.tlp"), Off: true, Cell: func(i one) templ.Component { return ui.TLP(p, i.TLP.String()) }},
		{Key: "id", Label: p.T("web.column.id"), Off: true, Cell: func(i one) templ.Component { return ui.Text(i.ID) }},
	}
}

// shortened is a long address in a length that a table bears.
func shortened(text string) string {
	const longest = 44
	letters := []rune(text)
	if len(letters) <= longest {
		return text
	}
	return string(letters[:longest]) + "…"
}

// An indicatorAct is one of the two things that a person may decide of an
// indicator.
type indicatorAct struct {
	name string
	to   intel.State
}

func indicatorActOf(name string) (indicatorAct, error) {
	switch name {
	case "hold":
		return indicatorAct{name, intel.IsHeld}, nil
	case "release":
		return indicatorAct{name, intel.Active}, nil
	}
	return indicatorAct{}, errs.New(errs.NotFound, "no act %q", name)
}

// fits says whether the act changes anything.
func (a indicatorAct) fits(i intel.Indicator) bool {
	return (i.State == intel.IsHeld) == (a.to == intel.Active)
}

func (s *Site) decideIndicator(r *http.Request, act indicatorAct, id, reason string) error {
	if act.to == intel.IsHeld {
		return s.Intel.Hold(r.Context(), who(r), id, reason)
	}
	return s.Intel.Release(r.Context(), who(r), id, reason)
}

// indicatorOf is the indicator of an id, with all that is said of it.
func (s *Site) indicatorOf(r *http.Request, id string) (intel.Indicator, error) {
	found, _, err := s.Intel.List(r.Context(), who(r), intel.Filter{ID: id, Limit: 1})
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "indicator %q: no such indicator", id)
	}
	if err != nil {
		return intel.Indicator{}, err
	}
	return found[0], nil
}

// indicatorBulkAsk shows what an act would do to the ticked indicators.
func (s *Site) indicatorBulkAsk(w http.ResponseWriter, r *http.Request) error {
	act, err := indicatorActOf(r.PathValue("act"))
	if err != nil {
		return err
	}
	ticked := ui.TickedIn(r)
	var all []intel.Indicator
	if ticked.All {
		f := indicatorFilter(ticked.Filters)
		f.Limit = bulkIndicators + 1
		if all, _, err = s.Intel.List(r.Context(), who(r), f); err != nil {
			return err
		}
	} else if all, err = s.someIndicators(r, ticked.Keys); err != nil {
		return err
	}
	if len(all) > bulkIndicators {
		return errs.New(errs.TooLarge, "more than %d indicators at once", bulkIndicators)
	}
	p := s.page(w, r, "")
	return s.show(w, r, s.indicatorBulk(p, act, all, query("/indicators", pairsOf(ticked.Filters)...)))
}

// pairsOf are values as names and values by turns.
func pairsOf(values url.Values) (pairs []string) {
	for name, all := range values {
		for _, v := range all {
			pairs = append(pairs, name, v)
		}
	}
	return pairs
}

func (s *Site) someIndicators(r *http.Request, ids []string) ([]intel.Indicator, error) {
	if len(ids) > bulkIndicators {
		return nil, errs.New(errs.TooLarge, "more than %d indicators at once", bulkIndicators)
	}
	all := make([]intel.Indicator, 0, len(ids))
	for _, id := range ids {
		one, err := s.indicatorOf(r, id)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *Site) indicatorBulk(p *ui.Page, act indicatorAct, all []intel.Indicator, back string) templ.Component {
	fields := url.Values{"back": {back}}
	for _, i := range all {
		if act.fits(i) {
			fields.Add("id", i.ID)
		}
	}
	n := len(fields["id"])
	p.Title = p.T("threat." + act.name)
	columns := slices.DeleteFunc(s.indicatorColumns(p), func(c ui.Column[intel.Indicator]) bool {
		return !slices.Contains([]string{"value", "state", "why", "sources"}, c.Key)
	})
	list := ui.List(p, ui.Table[intel.Indicator]{
		ID: "effects", Plain: true, Caption: p.T("web.bulk.caption"), Rows: all, Columns: columns, Href: func(i intel.Indicator) string { return "/indicators/" + i.ID },
		Empty: ui.Nothing{Title: p.T("threat.bulk.nothing"), Why: p.T("threat.bulk.nothing_why")},
	})
	if n == 0 {
		return board(p, top{}, []templ.Component{
			ui.Empty(p, ui.Nothing{Title: p.T("threat.bulk.none_" + act.name), Why: p.T("threat.bulk.none_why"), Acts: []ui.Button{{Label: p.T("web.bulk.back"), Href: back}}}), list,
		})
	}
	preview := ui.Preview{
		Question: p.N("threat.bulk.ask_"+act.name, n), Cancel: back, Effects: []string{p.T("threat.effect." + act.name), p.T("threat.effect.journal")},
		Reason: p.T("work.reason"), Hint: p.T("threat.reason_hint." + act.name),
		Act: ui.Button{Label: p.N("threat.bulk.do_"+act.name, n), Action: "/bulk/indicators/" + act.name, Fields: fields, Kind: ui.KindPrimary},
	}
	if rest := len(all) - n; rest > 0 {
		preview.Effects = append(preview.Effects, p.N("threat.bulk.left", rest))
	}
	return confirming(p, preview, list)
}

// indicatorBulkDo does the act to each. One that somebody else has decided
// meanwhile stops none of the others.
func (s *Site) indicatorBulkDo(w http.ResponseWriter, r *http.Request) error {
	act, err := indicatorActOf(r.PathValue("act"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	back := localPath(r.PostForm.Get("back"))
	if !strings.HasPrefix(back, "/indicators") {
		back = "/indicators"
	}
	all, err := s.someIndicators(r, r.PostForm["id"])
	if err != nil {
		return err
	}
	reason := tidy(r.PostForm, "reason")
	if reason == "" {
		p := s.page(w, r, "")
		wrong(p, "reason", "web.fault.say-why")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, s.indicatorBulk(p, act, all, back))
	}
	did := 0
	for _, i := range all {
		switch err := s.decideIndicator(r, act, i.ID, reason); {
		case err == nil:
			did++
		case !errs.Is(err, errs.Conflict):
			return err
		}
	}
	return s.done(w, r, back, ui.Flash{Text: s.voice(r).N("threat.bulk.did_"+act.name, did)})
}
