package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// Finding is a finding as CONTRACT has it, and a few keys more.
type Finding struct {
	ID             string             `json:"id"`
	Organisation   *string            `json:"organisation" doc:"Code, null while nobody owns the asset."`
	System         *string            `json:"system"`
	Realm          string             `json:"realm"`
	Asset          string             `json:"asset"`
	Kind           row.Kind           `json:"kind"`
	Discriminator  string             `json:"discriminator"`
	Severity       string             `json:"severity"`
	State          finding.State      `json:"state"`
	FirstSeen      *time.Time         `json:"first_seen"`
	LastSeen       *time.Time         `json:"last_seen"`
	Count          int64              `json:"count"`
	Sources        []string           `json:"sources" nullable:"false"`
	TLP            string             `json:"tlp"`
	Rule           string             `json:"rule" doc:"Why the organisation owns the asset."`
	Classification row.Classification `json:"classification"`
	Probability    *string            `json:"probability"`
	Cause          *string            `json:"cause"`
	Flags          []row.Flag         `json:"flags" nullable:"false"`
	Document       *string            `json:"document"`
	Warning        *string            `json:"warning" doc:"The warning that told of it last."`
	Mute           *string            `json:"mute" doc:"The mute that keeps it quiet."`
	OpenedAt       *time.Time         `json:"opened_at"`
	ClaimedAt      *time.Time         `json:"claimed_at"`
	DecidedAt      *time.Time         `json:"decided_at"`
	DecidedBy      *string            `json:"decided_by"`
	Reason         *string            `json:"reason"`
	Until          *time.Time         `json:"until"`
	Witness        *string            `json:"witness" doc:"What saw it gone, or why nothing can."`
	Advisory       *string            `json:"advisory" doc:"The advisory that opened it last."`
	Detail         *finding.Detail    `json:"detail" doc:"Of a weakness in a product: where it is, and why it is judged so."`
}

// sayFinding says findings with the codes and names of what they refer to.
func (s *server) sayFinding(ctx context.Context, found ...finding.Finding) ([]Finding, error) {
	var names, systems map[int64]string
	var wanted []int64
	for _, f := range found {
		if f.System != 0 && !slices.Contains(wanted, f.System) {
			wanted = append(wanted, f.System)
		}
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if names, err = s.Intake.Names(tx); err != nil {
			return err
		}
		systems, err = s.Estate.SystemCodes(tx, wanted)
		return err
	})
	if err != nil {
		return nil, err
	}
	return each(found, func(f finding.Finding) Finding {
		out := Finding{
			ID: f.ID.String(), Organisation: s.code(f.Organisation), System: text(systems[f.System]), Realm: f.Realm, Asset: string(f.Asset), Kind: f.Kind,
			Discriminator: f.Discriminator, Severity: f.Severity.String(), State: f.State, FirstSeen: instant(f.FirstSeen), LastSeen: instant(f.LastSeen),
			Count: f.Count, Sources: []string{}, TLP: f.TLP.String(), Rule: f.Rule, Classification: f.Classification, Probability: text(f.Probability),
			Cause: text(f.Cause), Flags: f.Flags, Document: label("S", f.Document), Warning: label("W", f.Warning), Mute: label("M", f.Muted),
			OpenedAt: instant(f.OpenedAt), ClaimedAt: instant(f.ClaimedAt), DecidedAt: instant(f.DecidedAt), DecidedBy: text(f.DecidedBy),
			Reason: text(f.Reason), Until: instant(f.Until), Witness: text(f.Witness), Advisory: label("A", f.Advisory), Detail: f.Detail,
		}
		if out.Flags == nil {
			out.Flags = []row.Flag{}
		}
		for _, id := range f.Sources {
			if name, ok := names[id]; ok {
				out.Sources = append(out.Sources, name)
			}
		}
		return out
	}), nil
}

type findingQuery struct {
	Paging
	Organisation string   `query:"organisation" doc:"Code; those below it are included."`
	Unowned      bool     `query:"unowned"`
	Kind         []string `query:"kind"`
	Severity     []string `query:"severity"`
	State        []string `query:"state"`
	Live         bool     `query:"live" doc:"Only those that still ask for something."`
	Text         string   `query:"text" doc:"Part of the asset or the discriminator, or an id."`
	Source       string   `query:"source"`
	Document     string   `query:"document"`
	Warning      string   `query:"warning"`
	Since        string   `query:"since" doc:"Seen at or after: RFC 3339, a date, or a duration."`
	Order        string   `query:"order" enum:"oldest,newest,worst" default:"oldest"`
}

func (s *server) findingFilter(ctx context.Context, who auth.Actor, q *findingQuery) (f finding.Filter, err error) {
	f = finding.Filter{
		Organisation: q.Organisation, Unowned: q.Unowned, Live: q.Live, Text: q.Text, Order: q.Order, Cursor: q.Cursor, Limit: q.Limit,
	}
	if f.Order == "oldest" {
		f.Order = ""
	}
	for _, k := range q.Kind {
		f.Kinds = append(f.Kinds, row.Kind(k))
	}
	for _, st := range q.State {
		f.States = append(f.States, finding.State(st))
	}
	if f.Severities, err = severities(q.Severity); err != nil {
		return f, err
	}
	if f.Since, err = s.since(q.Since); err != nil {
		return f, err
	}
	if q.Document != "" {
		if f.Document, err = intake.ParseDocument(q.Document); err != nil {
			return f, err
		}
	}
	if q.Warning != "" {
		id, err := warning.ParseID(q.Warning)
		if err != nil {
			return f, err
		}
		f.Warning = int64(id)
	}
	if q.Source != "" {
		source, err := s.Intake.Source(ctx, who, q.Source)
		if err != nil {
			return f, err
		}
		f.Source = source.ID
	}
	return f, nil
}

func severities(words []string) (out []row.Severity, err error) {
	for _, w := range words {
		one, err := row.ParseSeverity(w)
		if err != nil {
			return nil, field("severity", "%q is no severity; want one of %v", w, row.Severities())
		}
		out = append(out, one)
	}
	return out, nil
}

// Change is what a person says beside an act.
type Change struct {
	Reason string `json:"reason,omitempty"`
	Until  string `json:"until,omitempty" doc:"A date, which lasts to its end, or RFC 3339."`
}

type findingAct struct {
	ID   string `path:"id"`
	Body *Change
}

type bulkAct struct {
	Body struct {
		Change
		Act     string   `json:"act" enum:"ack,start,fixed,verify,false-positive,accept,reopen"`
		IDs     []string `json:"ids" minItems:"1" maxItems:"1000" nullable:"false"`
		Preview bool     `json:"preview,omitempty" doc:"Only say what would become of them."`
	}
}

// Outcome is what an act on one of several findings does or would do.
type Outcome struct {
	ID      string        `json:"id"`
	From    finding.State `json:"from"`
	To      finding.State `json:"to"`
	Refused string        `json:"refused,omitempty" doc:"Why it is left as it is."`
}

type findingMove struct {
	ID   string `path:"id"`
	Body struct {
		Organisation string `json:"organisation" doc:"Code; empty for nobody."`
		Reason       string `json:"reason"`
	}
}

type evidenceQuery struct {
	ID    string `path:"id"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// Evidence is one line of a source's delivery that a finding rests on.
type Evidence struct {
	Document *string           `json:"document"`
	File     string            `json:"file"`
	Line     int               `json:"line"`
	At       *time.Time        `json:"at" doc:"The row's own time."`
	Source   string            `json:"source"`
	Row      map[string]string `json:"row,omitempty" doc:"The row by column."`
	Raw      []string          `json:"raw,omitempty" doc:"Its values, where the format has no columns."`
	Gone     string            `json:"gone,omitempty" doc:"Why it cannot be shown."`
}

// Tally is how many findings there are of a kind.
type Tally struct {
	Organisation *string       `json:"organisation,omitempty"`
	Kind         row.Kind      `json:"kind,omitempty"`
	Severity     string        `json:"severity,omitempty"`
	State        finding.State `json:"state,omitempty"`
	Count        int64         `json:"count"`
}

type tallyQuery struct {
	Organisation string   `query:"organisation"`
	By           []string `query:"by" doc:"Any of organisation, kind, severity, state." enum:"organisation,kind,severity,state"`
}

func (s *server) findings() {
	route(s, get("/findings", "List findings"), func(ctx context.Context, who auth.Actor, in *findingQuery) (*list[Finding], error) {
		f, err := s.findingFilter(ctx, who, in)
		if err != nil {
			return nil, err
		}
		found, err := s.Findings.List(ctx, who, f)
		if err != nil {
			return nil, err
		}
		said, err := s.sayFinding(ctx, found.Items...)
		if err != nil {
			return nil, err
		}
		return listed(said, found.Next), nil
	})
	route(s, get("/findings/tally", "Count findings"), func(ctx context.Context, who auth.Actor, in *tallyQuery) (*list[Tally], error) {
		by := in.By
		if len(by) == 0 {
			by = []string{"severity", "state"}
		}
		numbers, err := s.Findings.Numbers(ctx, who, in.Organisation, by...)
		if err != nil {
			return nil, err
		}
		return listed(each(numbers, func(n finding.Number) Tally {
			return Tally{Organisation: s.code(n.Organisation), Kind: n.Kind, Severity: n.Severity.String(), State: n.State, Count: n.N}
		}), ""), nil
	})
	route(s, get("/findings/{id}", "Show a finding"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Finding], error) {
		id, err := finding.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		f, err := s.Findings.Get(ctx, who, id)
		if err != nil {
			return nil, err
		}
		return s.oneFinding(ctx, f)
	})
	route(s, get("/findings/{id}/evidence", "Show what a finding rests on"), s.evidence)
	route(s, get("/findings/{id}/history", "Show the life of a finding"), func(ctx context.Context, who auth.Actor, in *Named) (*list[Entry], error) {
		id, err := finding.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		if _, err := s.Findings.Get(ctx, who, id); err != nil {
			return nil, err
		}
		return s.history(ctx, who, id.Subject())
	})
	for _, t := range finding.Transitions() {
		if t.May == "" {
			continue // stages do that
		}
		route(s, post("/findings/{id}/"+string(t.Act), "Take a finding to "+string(t.To)), func(ctx context.Context, who auth.Actor, in *findingAct) (*one[Finding], error) {
			id, err := finding.ParseID(in.ID)
			if err != nil {
				return nil, err
			}
			c, err := s.change(t.Act, in.Body)
			if err != nil {
				return nil, err
			}
			f, err := s.Findings.Do(ctx, who, id, c)
			if err != nil {
				return nil, err
			}
			return s.oneFinding(ctx, f)
		})
	}
	route(s, post("/findings/{id}/move", "Give a finding to another organisation"), func(ctx context.Context, who auth.Actor, in *findingMove) (*one[Finding], error) {
		id, err := finding.ParseID(in.ID)
		if err != nil {
			return nil, err
		}
		to, err := s.organisation(who, in.Body.Organisation)
		if err != nil {
			return nil, err
		}
		f, err := s.Findings.MoveTo(ctx, who, id, to, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return s.oneFinding(ctx, f)
	})
	route(s, post("/findings/bulk", "Do one act to several findings, or preview it"), s.bulk)
}

func (s *server) oneFinding(ctx context.Context, f finding.Finding) (*one[Finding], error) {
	said, err := s.sayFinding(ctx, f)
	if err != nil {
		return nil, err
	}
	return answer(said[0], nil)
}

func (s *server) change(act finding.Act, c *Change) (finding.Change, error) {
	if c == nil {
		c = &Change{}
	}
	until, err := s.until("until", c.Until)
	return finding.Change{Act: act, Reason: c.Reason, Until: until}, err
}

// bulk does an act to every finding that allows it, all in one bracket. One that
// the scope hides makes the whole call NotFound: it is in the caller's list by
// mistake, and the mistake may be about the others too.
func (s *server) bulk(ctx context.Context, who auth.Actor, in *bulkAct) (*list[Outcome], error) {
	c, err := s.change(finding.Act(in.Body.Act), &in.Body.Change)
	if err != nil {
		return nil, err
	}
	ids := make([]finding.ID, len(in.Body.IDs))
	for i, text := range in.Body.IDs {
		if ids[i], err = finding.ParseID(text); err != nil {
			return nil, err
		}
	}
	before, err := s.Findings.Preview(ctx, who, ids, c)
	if err != nil {
		return nil, err
	}
	outcomes := each(before, func(p finding.Preview) Outcome {
		return Outcome{ID: p.Finding.ID.String(), From: p.Finding.State, To: p.To, Refused: p.Refused}
	})
	if in.Body.Preview {
		return listed(outcomes, ""), nil
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		for i, id := range ids {
			f, err := s.Findings.DoTx(tx, who, id, c)
			switch {
			case errs.Is(err, errs.Conflict):
				outcomes[i].To, outcomes[i].Refused = outcomes[i].From, err.Error()
			case err != nil:
				return err
			default:
				outcomes[i].To, outcomes[i].Refused = f.State, ""
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listed(outcomes, ""), nil
}

func (s *server) evidence(ctx context.Context, who auth.Actor, in *evidenceQuery) (*list[Evidence], error) {
	id, err := finding.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.Findings.Evidence(ctx, who, id, in.Limit)
	if err != nil {
		return nil, err
	}
	return listed(each(rows, func(e finding.EvidenceRow) Evidence {
		out := Evidence{Document: label("S", e.Document), File: e.File, Line: e.Line, At: instant(e.At), Source: e.Source, Gone: e.Gone}
		if len(e.Header) != len(e.Fields) {
			out.Raw = e.Fields
			return out
		}
		out.Row = make(map[string]string, len(e.Header))
		for i, name := range e.Header {
			if _, twice := out.Row[name]; twice {
				name += "." + strconv.Itoa(i+1)
			}
			out.Row[name] = e.Fields[i]
		}
		return out
	}), ""), nil
}

// marking reads a TLP marking of a request.
func marking(text string) (tlp.Marking, error) {
	m, err := tlp.Parse(text)
	if err != nil {
		return m, field("tlp", "%q is no marking; want one of %v", text, tlp.All())
	}
	return m, nil
}
