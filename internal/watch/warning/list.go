package warning

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// A View is a warning as faces show it (CONTRACT, JSON keys, and a few more).
type View struct {
	ID               string           `json:"id"`
	Organisation     string           `json:"organisation"` // code
	Severity         string           `json:"severity"`
	State            State            `json:"state"`
	Revision         int64            `json:"revision"`
	Subject          string           `json:"subject"`
	Findings         []string         `json:"findings"`
	Due              *time.Time       `json:"due"`
	SentAt           *time.Time       `json:"sent_at"`
	AcknowledgedAt   *time.Time       `json:"acknowledged_at"`
	AcknowledgedBy   string           `json:"acknowledged_by"`
	TLP              string           `json:"tlp"`
	Cadence          Cadence          `json:"cadence"`
	Hold             string           `json:"hold,omitempty"`
	Storm            int64            `json:"storm,omitempty"`
	Step             int64            `json:"step"`
	Rung             Rung             `json:"rung,omitempty"`
	Remedy           *time.Time       `json:"remedy"`
	CreatedAt        *time.Time       `json:"created_at"`
	EndedAt          *time.Time       `json:"ended_at"`
	Reason           string           `json:"reason,omitempty"`
	Kinds            map[string]int64 `json:"kinds"`
	OrganisationName string           `json:"organisation_name"`
	Overdue          bool             `json:"overdue"`
	// Withheld says that the marking keeps the content from this reader, who learns
	// that there is something and how grave it is.
	Withheld bool `json:"withheld,omitempty"`

	Warning Warning `json:"-"`
}

// A Query selects warnings. The zero value of a field does not restrict.
type Query struct {
	States       []State
	Severities   []row.Severity
	Organisation int64
	Storm        int64
	Overdue      bool // sent, and the clock has run out
	Since        time.Time
	After        ID   // only greater ids, for paging oldest first
	Before       ID   // only smaller ids, for paging newest first
	Newest       bool // newest first
	Limit        int  // 0 is all
	Language     string
}

// List are the warnings that the scope shows, oldest first unless q says
// otherwise.
func (r *Room) List(ctx context.Context, a auth.Actor, q Query) ([]View, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return nil, err
	}
	views := []View{}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		where, args := q.where(a, r.Clock.Now())
		order := " ORDER BY id"
		if q.Newest {
			order += " DESC"
		}
		if q.Limit > 0 {
			order += " LIMIT " + strconv.Itoa(q.Limit)
		}
		list, err := selectWarnings(tx, where+order, args...)
		if err != nil {
			return err
		}
		views, err = r.views(tx, a, list, q.Language)
		return err
	})
	return views, err
}

// Count is how many warnings List would give without its limit and paging.
func (r *Room) Count(ctx context.Context, a auth.Actor, q Query) (int64, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return 0, err
	}
	q.After, q.Before = 0, 0
	var n int64
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		where, args := q.where(a, r.Clock.Now())
		n, err = tx.Int(`SELECT COUNT(*) FROM warning WHERE `+where, args...)
		return err
	})
	return n, err
}

func (q Query) where(a auth.Actor, now time.Time) (string, []any) {
	parts, args := []string{a.Scope.SQL("organisation")}, []any{}
	arg := func(condition string, value any) {
		args = append(args, value)
		parts = append(parts, condition+" $"+strconv.Itoa(len(args)))
	}
	if !drafts(a) {
		parts = append(parts, "sent > 0")
	}
	if len(q.States) > 0 {
		var in []string
		for _, s := range q.States {
			args = append(args, string(s))
			in = append(in, "$"+strconv.Itoa(len(args)))
		}
		parts = append(parts, "state IN ("+strings.Join(in, ",")+")")
	}
	if len(q.Severities) > 0 {
		var in []string
		for _, s := range q.Severities {
			in = append(in, strconv.Itoa(int(s)))
		}
		parts = append(parts, "severity IN ("+strings.Join(in, ",")+")")
	}
	if q.Organisation != 0 {
		arg("organisation =", q.Organisation)
	}
	if q.Storm != 0 {
		arg("storm =", q.Storm)
	}
	if q.Overdue {
		arg("state = 'sent' AND due > 0 AND due <=", db.Micros(now))
	}
	if !q.Since.IsZero() {
		arg("created >=", db.Micros(q.Since))
	}
	if q.After > 0 {
		arg("id >", int64(q.After))
	}
	if q.Before > 0 {
		arg("id <", int64(q.Before))
	}
	return strings.Join(parts, " AND "), args
}

// Get is one warning. What the scope hides is NotFound.
func (r *Room) Get(ctx context.Context, a auth.Actor, id ID, language string) (View, error) {
	if err := auth.May(a, auth.WarningView); err != nil {
		return View{}, err
	}
	var view View
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		w, err := visible(tx, a, id)
		if err != nil {
			return err
		}
		views, err := r.views(tx, a, []Warning{w}, language)
		if err != nil {
			return err
		}
		view = views[0]
		return nil
	})
	return view, err
}

// In is one warning inside the caller's bracket, whoever asks.
func (r *Room) In(tx *db.Tx, id ID) (Warning, error) { return load(tx, id) }

// Visible is one warning inside the caller's bracket, if the actor may see it.
func (r *Room) Visible(tx *db.Tx, a auth.Actor, id ID) (Warning, error) { return visible(tx, a, id) }

func (r *Room) views(tx *db.Tx, a auth.Actor, list []Warning, language string) ([]View, error) {
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = int64(list[i].ID)
	}
	findings, err := r.Findings.IDsOf(tx, ids)
	if err != nil {
		return nil, err
	}
	voice, now := r.Texts.In(language), r.Clock.Now()
	bodies := map[int64]Organisation{}
	views := make([]View, len(list))
	for i, w := range list {
		o, known := bodies[w.Organisation]
		if !known {
			if o, err = r.Estate.Organisation(tx, w.Organisation); err != nil {
				return nil, err
			}
			bodies[w.Organisation] = o
		}
		v := View{
			ID: w.ID.String(), Organisation: o.Code, OrganisationName: o.Name(voice.Lang()), Severity: w.Severity.String(), State: w.State,
			Revision: w.Revision, Subject: Subject(voice, &w, o), Findings: make([]string, 0, len(findings[ids[i]])),
			Due: instant(w.Due), SentAt: instant(w.Sent), AcknowledgedAt: instant(w.Acknowledged), AcknowledgedBy: w.AcknowledgedBy,
			TLP: w.Marking.String(), Cadence: w.Cadence, Hold: w.Hold, Storm: w.Storm, Step: w.Step, Rung: w.Rung, Remedy: instant(w.Remedy),
			CreatedAt: instant(w.Created), EndedAt: instant(w.Ended), Reason: w.Reason, Kinds: map[string]int64{}, Warning: w,
			Overdue: w.State == Sent && !w.Due.IsZero() && !w.Due.After(now),
		}
		for _, f := range findings[ids[i]] {
			v.Findings = append(v.Findings, "F"+strconv.FormatInt(f, 10))
		}
		for k, n := range w.Kinds {
			v.Kinds[string(k)] = n
		}
		if !MayRead(a, &w) {
			v.veil(voice, o)
		}
		views[i] = v
	}
	return views, nil
}

// MayRead says whether a warning's marking lets a reader whose scope shows it
// read its content. Who holds the link of a mail was asked about when it was sent.
func MayRead(a auth.Actor, w *Warning) bool {
	if a.Scope.IsAll() || a.Via == auth.ViaLink {
		return true
	}
	ok, _ := tlp.MayReceive(w.Marking, tlp.ReaderOf(a.Organisation, w.Organisation))
	return ok
}

// veil takes the content out of a view.
func (v *View) veil(voice i18n.Voice, o Organisation) {
	v.Withheld = true
	v.Subject = voice.T("warning.subject.notice", "id", v.ID, "severity", severityText(voice, v.Warning.Severity), "organisation", o.Name(voice.Lang()))
	v.Findings, v.Kinds, v.Hold, v.Reason = []string{}, map[string]int64{}, "", ""
	v.Warning.Kinds, v.Warning.Findings, v.Warning.News, v.Warning.Topic, v.Warning.Hold, v.Warning.Reason = nil, 0, News{}, "", "", ""
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func severityName(n int64) string { return row.Severity(n).String() }
