package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/estate/whose"
	"tocsin/internal/face/web/ui"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake/row"
)

// evidenceRows is how many pieces of evidence a finding's page shows.
const evidenceRows = 20

// findingPage is everything about one finding.
type findingPage struct {
	Finding  finding.Finding
	Life     ui.LifeLine
	What     string   // what this kind of problem is, "" where nobody has said
	Steps    []string // what to do about it
	Facts    []ui.Fact
	Rule     string // why it is whose it is
	Others   []otherOwner
	Weakness templ.Component // of a product, nil for other kinds
	Evidence []proof
	History  []ui.Moment
	Warnings []warned
	Move     string // where to give it to another organisation, "" for who may not
	Beside   bool   // it stands beside a list
}

// An otherOwner is an organisation that claims the asset too.
type otherOwner struct {
	Name, Href, Rule string
}

// A proof is a piece of evidence and where its delivery is shown.
type proof struct {
	At                 time.Time
	Source, Line, Href string
	Gone               bool
	Text               string
}

func (s *Site) findingShow(w http.ResponseWriter, r *http.Request) error {
	id, err := finding.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	d, err := s.findingAll(p, r, id)
	if err != nil {
		return err
	}
	p.Title = d.Finding.ID.String() + " · " + kindName(p, d.Finding.Kind)
	return s.show(w, r, findingShowView(p, s, d))
}

// findingBeside is a finding as it stands beside the list.
func (s *Site) findingBeside(p *ui.Page, r *http.Request, id finding.ID) (templ.Component, error) {
	d, err := s.findingAll(p, r, id)
	if err != nil {
		return nil, err
	}
	d.Beside = true
	return findingBesideView(p, s, d), nil
}

func (s *Site) findingAll(p *ui.Page, r *http.Request, id finding.ID) (d findingPage, err error) {
	a, ctx := who(r), r.Context()
	if d.Finding, err = s.Findings.Get(ctx, a, id); err != nil {
		return d, err
	}
	f := d.Finding
	rows, err := s.Findings.Evidence(ctx, a, id, evidenceRows)
	if err != nil {
		return d, err
	}
	for _, e := range rows {
		d.Evidence = append(d.Evidence, s.proof(a, e))
	}
	var history []journal.Entry
	var sources map[int64]string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		// What changed hands has a past that was somebody else's.
		history, err = journal.Entries(tx, journal.Query{Subject: f.ID.Subject(), Where: a.Scope.SQL("j.organisation")})
		if err != nil {
			return err
		}
		sources, err = s.Intake.Names(tx)
		return err
	})
	if err != nil {
		return d, err
	}
	d.Rule = s.ruleWords(p, f.Rule)
	d.Others = s.otherOwners(p, a, f)
	d.What, d.Steps = kindAdvice(p, f.Kind)
	d.Life = ui.LifeLine{Noun: "finding", Steps: lifeSteps(f, history), Acts: s.findingActs(p, a, f)}
	d.History = s.findingMoments(p, a, history)
	d.History = append(d.History, s.firstMoment(p, a, f, history)...)
	d.Facts = s.findingFacts(p, a, f, sources)
	d.Weakness = s.weakness(p, a, f)
	if auth.May(a, auth.FindingMove) == nil {
		d.Move = "/findings/" + f.ID.String() + "/move"
	}
	if d.Warnings, err = s.warnedOf(p, r, f); err != nil {
		return d, err
	}
	for _, w := range d.Warnings {
		d.History = append(d.History, w.History...)
	}
	slices.SortStableFunc(d.History, func(x, y ui.Moment) int { return y.At.Compare(x.At) })
	return d, nil
}

func (s *Site) proof(a auth.Actor, e finding.EvidenceRow) proof {
	out := proof{At: e.At, Source: e.Source, Line: "S" + strconv.FormatInt(e.Document, 10) + ":" + strconv.Itoa(e.Line), Gone: e.Gone != ""}
	if s.leads(a, "/documents/{id}") && a.Scope.IsAll() {
		out.Href = "/documents/S" + strconv.FormatInt(e.Document, 10)
	}
	var b strings.Builder
	for i, field := range e.Fields {
		if i < len(e.Header) {
			if field != "" {
				b.WriteString(e.Header[i] + ": " + field + "\n")
			}
			continue
		}
		b.WriteString(field + "\n")
	}
	out.Text = strings.TrimRight(b.String(), "\n")
	return out
}

// kindAdvice is what a mail about this kind of problem says: the same words.
func kindAdvice(p *ui.Page, kind row.Kind) (what string, steps []string) {
	key := "warning.kind." + string(kind)
	if p.Has(key + ".what") {
		what = p.T(key + ".what")
	}
	for i := 1; p.Has(key + ".step" + strconv.Itoa(i)); i++ {
		steps = append(steps, p.T(key+".step"+strconv.Itoa(i)))
	}
	return what, steps
}

// otherOwners are those who claim the asset as well, within what the reader may
// see.
func (s *Site) otherOwners(p *ui.Page, a auth.Actor, f finding.Finding) []otherOwner {
	o, ok := whose.ParseAsset(string(f.Asset))
	if !ok {
		return nil
	}
	var all []otherOwner
	for _, other := range s.Estate.Others(a, f.Realm, o, f.LastSeen) {
		if other.Organisation != 0 && other.Organisation != f.Organisation {
			all = append(all, otherOwner{Name: s.orgName(p, other.Organisation), Href: s.orgHref(p, other.Organisation), Rule: s.ruleWords(p, other.Rule())})
		}
	}
	return all
}

func (s *Site) findingFacts(p *ui.Page, a auth.Actor, f finding.Finding, sources map[int64]string) []ui.Fact {
	facts := []ui.Fact{
		{Label: p.T("web.column.asset"), Value: ui.Code(f.Asset.Value())},
		{Label: p.T("web.column.organisation"), Value: s.orgCell(p, f.Organisation)},
	}
	if f.Discriminator != "" {
		facts = append(facts, ui.Fact{Label: p.T("web.column.discriminator"), Value: ui.Code(f.Discriminator)})
	}
	if f.Realm != whose.Public {
		facts = append(facts, ui.Fact{Label: p.T("web.column.realm"), Value: ui.Text(f.Realm)})
	}
	facts = append(facts,
		ui.Fact{Label: p.T("web.column.last_seen"), Value: ui.When(p, f.LastSeen)},
		ui.Fact{Label: p.T("web.column.first_seen"), Value: ui.When(p, f.FirstSeen)},
		ui.Fact{Label: p.T("web.column.count"), Value: ui.Text(p.Int(f.Count))},
	)
	var names []string
	for _, id := range f.Sources {
		names = append(names, sources[id])
	}
	if len(names) > 0 {
		facts = append(facts, ui.Fact{Label: p.T("web.column.sources"), Value: ui.Text(strings.Join(names, ", "))})
	}
	facts = append(facts, ui.Fact{Label: p.T("web.column.class"), Value: ui.RSIT(p, string(f.Classification))})
	if f.Probability != "" {
		facts = append(facts, ui.Fact{Label: p.T("web.column.probability"), Value: ui.Text(p.T("finding.probability." + f.Probability))})
	}
	if f.Muted != 0 {
		facts = append(facts, ui.Fact{Label: p.T("web.nav.mutes"), Value: ui.Text(p.T("web.finding.muted"))})
	}
	if f.Reason != "" {
		facts = append(facts, ui.Fact{Label: p.T("web.column.reason"), Value: ui.Text(f.Reason), Note: f.DecidedBy})
	}
	if !f.Until.IsZero() {
		facts = append(facts, ui.Fact{Label: p.T("web.column.until"), Value: ui.When(p, f.Until)})
	}
	if f.Witness != "" {
		facts = append(facts, ui.Fact{Label: p.T("web.column.witness"), Value: ui.Text(witnessWords(p, f.Witness))})
	}
	for _, flag := range f.Flags {
		if key := "row.flag." + string(flag); a.Scope.IsAll() && p.Has(key) {
			facts = append(facts, ui.Fact{Label: p.T("web.column.flags"), Value: ui.Text(p.T(key))})
		}
	}
	return facts
}

// witnessWords reads what finding.Witness keeps as data.
func witnessWords(p *ui.Page, witness string) string {
	word, rest, _ := strings.Cut(witness, " ")
	switch word {
	case finding.WitnessPerson:
		return p.T("finding.witness.person", "who", rest)
	case finding.WitnessNone:
		return p.T("finding.witness.not-observable", "source", rest)
	case finding.WitnessSource:
		source, more, _ := strings.Cut(rest, " document ")
		document, at, _ := strings.Cut(more, " ")
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			at = p.DateTime(t)
		}
		return p.T("finding.witness.source", "source", source, "document", document, "at", at)
	}
	return witness
}

// lifeSteps draws the way the finding took since it was opened last, and the
// way it would take from here.
func lifeSteps(f finding.Finding, history []journal.Entry) []ui.Step {
	at := map[finding.State]ui.Step{finding.Open: {State: string(finding.Open), At: f.OpenedAt}}
	for _, e := range history {
		var moved finding.Moved
		switch state := stateOf(e); {
		case state == finding.Open:
			at = map[finding.State]ui.Step{finding.Open: {State: string(finding.Open), At: e.At, Who: person(e.Actor)}}
		case state != "":
			step := ui.Step{State: string(state), At: e.At, Who: person(e.Actor)}
			if json.Unmarshal(e.Body, &moved) == nil {
				step.Note = moved.Reason
			}
			at[state] = step
		}
	}
	way := []finding.State{finding.Open, finding.Acknowledged, finding.Fixing, finding.ClaimedFixed, finding.Verified}
	if f.State == finding.FalsePositive || f.State == finding.AcceptedRisk {
		way = slices.DeleteFunc(way, func(state finding.State) bool { _, been := at[state]; return !been })
		way = append(way, f.State)
	}
	var steps []ui.Step
	for _, state := range way {
		step, been := at[state]
		if !been {
			step = ui.Step{State: string(state)}
		}
		step.Now = state == f.State
		steps = append(steps, step)
	}
	return steps
}

// stateOf is the state that a journal entry brought a finding into, "" for none.
func stateOf(e journal.Entry) finding.State {
	switch e.Verb {
	case "finding.opened", "finding.reopened", "finding.expired":
		return finding.Open
	}
	for _, t := range finding.Transitions() {
		if t.Verb == e.Verb {
			return t.To
		}
	}
	return ""
}

// person is who did something, as a page says it: an address as it is, a stage
// of the system by nothing, because "Tocsin" did it.
func person(actor string) string {
	if strings.HasPrefix(actor, "stage:") {
		return ""
	}
	return actor
}

// findingActs are the next acts as buttons. What a role may do but the state does
// not allow is not shown: the life line says where it stands.
func (s *Site) findingActs(p *ui.Page, a auth.Actor, f finding.Finding) []ui.Button {
	var all []ui.Button
	for _, t := range finding.Transitions() {
		if t.May == "" || auth.May(a, t.May) != nil || !slices.Contains(t.From, f.State) {
			continue
		}
		b := ui.Button{Label: p.T("finding.act." + string(t.Act))}
		to := "/findings/" + f.ID.String() + "/do/" + string(t.Act)
		if t.Reason || t.Until {
			b.Href, b.Label = to, b.Label+"…"
		} else {
			b.Action = to
		}
		all = append(all, b)
	}
	// The way forward comes first and is the one primary act.
	if i := slices.IndexFunc(all, func(b ui.Button) bool { return b.Label == p.T("finding.act."+string(forward(a, f.State))) }); i >= 0 {
		next := all[i]
		next.Kind = ui.KindPrimary
		all = append([]ui.Button{next}, slices.Delete(all, i, i+1)...)
	}
	return all
}

// forward is what the reader should most likely do next.
func forward(a auth.Actor, state finding.State) finding.Act {
	if calm(string(a.Role)) {
		return finding.Claim
	}
	switch state {
	case finding.Open:
		return finding.Ack
	case finding.Acknowledged:
		return finding.Start
	case finding.Fixing:
		return finding.Claim
	case finding.ClaimedFixed:
		return finding.Verify
	case finding.Verified, finding.FalsePositive, finding.AcceptedRisk:
		return finding.Reopen
	}
	return ""
}

// findingMoments is a history, newest first, in the reader's words. Codes of
// organisations that the reader may not see stay out of it.
func (s *Site) findingMoments(p *ui.Page, a auth.Actor, history []journal.Entry) []ui.Moment {
	all := make([]ui.Moment, 0, len(history))
	for _, e := range slices.Backward(history) {
		m := ui.Moment{At: e.At, Who: person(e.Actor), What: verbWords(p, e.Verb), Tone: findingTone(e.Verb)}
		if m.Who == "" {
			m.Who = "Tocsin"
		}
		var body struct {
			Reason, Witness, From, To, Rule string
			Until                           time.Time
		}
		if json.Unmarshal(e.Body, &body) == nil {
			var more []string
			switch {
			case e.Verb == "finding.moved":
				more = append(more, p.T("web.finding.moved", "from", s.seenName(p, a, body.From), "to", s.seenName(p, a, body.To)), s.ruleWords(p, body.Rule))
			case body.Witness != "":
				more = append(more, witnessWords(p, body.Witness))
			case body.Reason != "":
				more = append(more, body.Reason)
			}
			if !body.Until.IsZero() {
				more = append(more, p.T("web.finding.until", "until", p.Date(body.Until)))
			}
			if len(more) > 0 {
				m.Extra = ui.Quiet(strings.Join(more, " · "))
			}
		}
		if e.Erased != "" {
			m.Extra = ui.Quiet(p.T("web.finding.erased"))
		}
		all = append(all, m)
	}
	return all
}

// firstMoment is how the finding began where a document opened it: thousands of
// findings of one document share its entry and have none of their own.
func (s *Site) firstMoment(p *ui.Page, a auth.Actor, f finding.Finding, history []journal.Entry) []ui.Moment {
	if f.Document == 0 || slices.ContainsFunc(history, func(e journal.Entry) bool { return stateOf(e) == finding.Open && !e.At.Before(f.OpenedAt) }) {
		return nil
	}
	label := "S" + strconv.FormatInt(f.Document, 10)
	m := ui.Moment{At: f.OpenedAt, Who: "Tocsin", What: verbWords(p, "finding.opened"), Tone: ui.ToneHigh, Extra: ui.Quiet(p.T("web.finding.opened_by", "document", label))}
	if a.Scope.IsAll() {
		m.Href = s.subjectHref(a, "document:"+label)
	}
	return []ui.Moment{m}
}

// seenName is the name of a code's organisation if the reader may see it.
func (s *Site) seenName(p *ui.Page, a auth.Actor, code string) string {
	if code == "" {
		return p.T("web.finding.unowned")
	}
	id, err := s.Estate.ByCode(code)
	if err != nil || !a.Scope.Has(id) {
		return p.T("web.finding.another")
	}
	return s.orgName(p, id)
}

func findingTone(verb string) ui.Tone {
	switch verb {
	case "finding.opened", "finding.reopened", "finding.expired":
		return ui.ToneHigh
	case "finding.acknowledged", "finding.started", "finding.claimed_fixed":
		return ui.ToneActive
	case "finding.verified":
		return ui.ToneGood
	}
	return ui.TonePlain
}

// findingAsk asks before an act that needs a reason or an end.
func (s *Site) findingAsk(w http.ResponseWriter, r *http.Request) error {
	f, t, err := s.findingAct(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	return s.show(w, r, s.askView(p, f, t))
}

func (s *Site) askView(p *ui.Page, f finding.Finding, t finding.Transition) templ.Component {
	act := p.T("finding.act." + string(t.Act))
	p.Title = act + " · " + f.ID.String()
	d := findingAsk{
		Finding: f, Until: t.Until || t.Act == finding.Refute, UntilRequired: t.Until,
		Preview: ui.Preview{
			Question: p.T("web.finding.ask."+string(t.Act), "id", f.ID),
			Effects:  []string{p.T("web.finding.effect", "from", p.T("ui.state.finding."+string(f.State)), "to", p.T("ui.state.finding."+string(t.To)))},
			Act:      ui.Button{Label: act, Action: "/findings/" + f.ID.String() + "/do/" + string(t.Act), Kind: ui.KindPrimary},
			Cancel:   "/findings/" + f.ID.String(),
		},
	}
	if key := "web.finding.effect." + string(t.Act); p.Has(key) {
		d.Preview.Effects = append(d.Preview.Effects, p.T(key))
	}
	if t.Reason {
		d.Preview.Reason, d.Preview.Hint = p.T("web.column.reason"), p.T("web.finding.reason_hint")
	}
	return findingAskView(p, d)
}

// findingAsk is the page before an act.
type findingAsk struct {
	Finding              finding.Finding
	Preview              ui.Preview
	Until, UntilRequired bool
}

// findingAct is the finding of the address and the act that is asked for.
func (s *Site) findingAct(r *http.Request) (f finding.Finding, t finding.Transition, err error) {
	id, err := finding.ParseID(r.PathValue("id"))
	if err != nil {
		return f, t, err
	}
	t, err = finding.Of(finding.Act(r.PathValue("act")))
	if err != nil || t.May == "" {
		return f, t, errs.New(errs.NotFound, "no act %q", r.PathValue("act"))
	}
	if f, err = s.Findings.Get(r.Context(), who(r), id); err != nil {
		return f, t, err
	}
	return f, t, auth.May(who(r), t.May)
}

func (s *Site) findingDo(w http.ResponseWriter, r *http.Request) error {
	f, t, err := s.findingAct(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "")
	change := finding.Change{Act: t.Act, Reason: strings.TrimSpace(r.PostFormValue("reason")), Until: s.dayEnd(p, r.PostFormValue("until"))}
	if _, err = s.Findings.Do(r.Context(), who(r), f.ID, change); errs.Is(err, errs.Invalid) {
		return s.again(w, r, p, err, func() templ.Component { return s.askView(p, f, t) })
	}
	if err != nil {
		return err
	}
	to := localPath(r.PostFormValue("back"))
	if to == "" {
		to = "/findings/" + f.ID.String()
	}
	return s.done(w, r, to, ui.Flash{
		Text: p.T("web.finding.done", "id", f.ID, "state", p.T("ui.state.finding."+string(t.To))),
		Href: "/findings/" + f.ID.String(), Link: p.T("web.finding.open"),
	})
}

// dayEnd is the end of a day in the city, zero for no date.
func (s *Site) dayEnd(p *ui.Page, date string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, date, p.Zone())
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1).UTC()
}
