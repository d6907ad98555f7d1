package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/duty"
	"tocsin/internal/face/web/ui"
)

// levelWords names the place of a shift in the order of calling.
func levelWords(p *ui.Page, level int) string {
	if key := "duty.level." + strconv.Itoa(level); p.Has(key) {
		return p.T(key)
	}
	return p.T("duty.level.more", "level", level)
}

// monday is the beginning of the week that holds t, in the city.
func monday(p *ui.Page, t time.Time) time.Time {
	t = t.In(p.Zone())
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, p.Zone())
}

// A rosterDay is a line of the week: who is on duty from midnight to midnight,
// and when nobody is.
type rosterDay struct {
	From, To time.Time
	Shifts   []duty.Shift
	Gaps     []duty.Gap
}

// dutyWeek is who watches in a week, who watches now, whom they have to call and
// what the last shift left for them.
func (s *Site) dutyWeek(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.nav.duty")
	from := monday(p, p.Now)
	if t := day(p, "week"); !t.IsZero() {
		from = monday(p, t)
	}
	to := from.AddDate(0, 0, 7)
	a := who(r)
	shifts, err := s.Duty.Roster(r.Context(), a, from, to)
	if err != nil {
		return err
	}
	gaps, err := s.Duty.Gaps(r.Context(), a, from, to)
	if err != nil {
		return err
	}
	watch, err := s.Duty.Watch(r.Context(), a, p.Now)
	if err != nil {
		return err
	}
	calls, err := s.Duty.Sheet(r.Context(), a)
	if err != nil {
		return err
	}
	notes, err := s.Duty.Handovers(r.Context(), a, 5)
	if err != nil {
		return err
	}
	days := make([]rosterDay, 7)
	levels := []int{1}
	for i := range days {
		d := rosterDay{From: from.AddDate(0, 0, i), To: from.AddDate(0, 0, i+1)}
		for _, x := range shifts {
			if x.From.Before(d.To) && x.To.After(d.From) {
				d.Shifts = append(d.Shifts, x)
			}
			if !slices.Contains(levels, x.Level) {
				levels = append(levels, x.Level)
			}
		}
		for _, g := range gaps {
			if g.From.Before(d.To) && g.To.After(d.From) {
				d.Gaps = append(d.Gaps, duty.Gap{From: later(g.From, d.From), To: earlier(g.To, d.To)})
			}
		}
		days[i] = d
	}
	slices.Sort(levels)
	edits := may(r, auth.DutyEdit)
	t := top{Heading: ui.Heading{Lead: p.T("work.duty.lead")}}
	if edits {
		t.Acts = []ui.Button{
			{Label: p.T("work.shift.add"), Href: "/duty/shifts/new", Icon: ui.IconPlus, Kind: ui.KindPrimary},
			{Label: p.T("work.rotate.title"), Href: query("/duty/rotate", "from", to.Format(time.DateOnly)), Icon: ui.IconCalendar},
		}
	}
	return s.lay(w, r, p, t,
		s.watchNow(p, watch, gaps),
		panel(p.T("work.duty.week", "from", p.Date(from), "to", p.Date(to.AddDate(0, 0, -1))),
			box("row",
				ui.Act(p, ui.Button{Label: p.T("work.duty.before"), Href: p.With("week", from.AddDate(0, 0, -7).Format(time.DateOnly)), Icon: ui.IconLeft, Small: true}),
				ui.Act(p, ui.Button{Label: p.T("work.duty.this"), Href: "/duty", Small: true}),
				ui.Act(p, ui.Button{Label: p.T("work.duty.after"), Href: p.With("week", to.Format(time.DateOnly)), Icon: ui.IconRight, Small: true}),
			),
			ui.List(p, rosterTable(p, days, levels, edits)),
		),
		panel(p.T("work.calls.title"), s.callList(p, calls, edits)),
		s.handoverPanel(p, r, notes, edits),
	)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// watchNow answers the first question: whom can I call now?
func (s *Site) watchNow(p *ui.Page, watch duty.Watch, gaps []duty.Gap) templ.Component {
	if len(watch.Now) == 0 {
		return notice(ui.ToneCritical, strong(p.T("duty.nobody")), para(p.T("work.duty.nobody_do")))
	}
	var facts []ui.Fact
	for _, x := range watch.Now {
		ways := []templ.Component{strong(x.Name)}
		if x.Phone != "" {
			ways = append(ways, telephone(x.Phone))
		}
		if x.Email != "" {
			ways = append(ways, ui.Code(x.Email))
		}
		facts = append(facts, ui.Fact{
			Label: levelWords(p, x.Level), Value: ui.Join(ways...),
			Note: p.T("work.duty.until", "at", p.DateTime(x.To)),
		})
	}
	for _, x := range watch.Next {
		facts = append(facts, ui.Fact{Label: p.T("work.duty.next", "level", levelWords(p, x.Level)), Value: ui.Text(x.Name), Note: p.T("work.duty.from", "at", p.DateTime(x.From))})
	}
	parts := []templ.Component{ui.Facts(p, facts)}
	var open int
	for _, g := range gaps {
		if g.To.After(p.Now) {
			open++
		}
	}
	if open > 0 {
		parts = append(parts, notice(ui.ToneHigh, ui.Text(p.N("work.duty.gaps", open))))
	}
	return panel(p.T("work.duty.now"), parts...)
}

func rosterTable(p *ui.Page, days []rosterDay, levels []int, edits bool) ui.Table[rosterDay] {
	t := ui.Table[rosterDay]{
		ID: "roster", Plain: true, Caption: p.T("work.duty.roster"), Rows: days,
		Current: func(d rosterDay) bool { return !p.Now.Before(d.From) && p.Now.Before(d.To) },
		Columns: []ui.Column[rosterDay]{{Key: "day", Label: p.T("work.duty.day"), Cell: func(d rosterDay) templ.Component {
			return ui.Text(capital(p.Weekday(d.From)) + ", " + p.Date(d.From))
		}}},
	}
	for _, level := range levels {
		t.Columns = append(t.Columns, ui.Column[rosterDay]{Key: "level" + strconv.Itoa(level), Label: levelWords(p, level), Cell: func(d rosterDay) templ.Component {
			var lines []templ.Component
			for _, x := range d.Shifts {
				if x.Level != level {
					continue
				}
				span := clockSpan(p, later(x.From, d.From), earlier(x.To, d.To), d.To)
				name := ui.Text(x.Name)
				if edits {
					name = ui.Link("/duty/shifts/"+x.ID.String(), x.Name)
				}
				lines = append(lines, box("", ui.Quiet(span), ui.Text(" "), name))
			}
			if level == 1 {
				for _, g := range d.Gaps {
					lines = append(lines, ui.Badge(ui.ToneHigh, p.T("work.duty.gap", "span", clockSpan(p, g.From, g.To, d.To))))
				}
			}
			if len(lines) == 0 {
				return ui.None(p)
			}
			return box("stack-tight", lines...)
		}})
	}
	return t
}

// clockSpan writes a stretch of one day; its midnight is 24:00.
func clockSpan(p *ui.Page, from, to, midnight time.Time) string {
	end := p.Time(to)
	if to.Equal(midnight) {
		end = "24:00"
	}
	return p.Time(from) + "–" + end
}

func (s *Site) handoverPanel(p *ui.Page, r *http.Request, notes []duty.Handover, edits bool) templ.Component {
	var parts []templ.Component
	for _, h := range notes {
		parts = append(parts, s.handoverNote(p, r, h, edits))
	}
	if len(notes) == 0 {
		parts = append(parts, hushed(p.T("work.handover.none")))
	}
	if edits {
		parts = append(parts, folded(p.T("work.handover.write"), len(p.Problems) > 0, posting("/duty/handovers",
			ui.Field(p, ui.Input{Name: "text", Label: p.T("work.handover.text"), Hint: p.T("work.handover.hint"), Kind: ui.InputLong, Lines: 6, Required: true}),
			ui.Act(p, ui.Button{Label: p.T("work.handover.leave"), Submit: true, Kind: ui.KindPrimary}),
		)))
	}
	parts = append(parts, ui.Acts(p, ui.Button{Label: p.T("work.handover.all"), Href: "/duty/handovers", Small: true}))
	return panel(p.T("work.handover.title"), parts...)
}

// handoverNote is one note, with the button by which the next shift takes over.
func (s *Site) handoverNote(p *ui.Page, r *http.Request, h duty.Handover, edits bool) templ.Component {
	state := ui.Badge(ui.ToneMedium, p.T("duty.handover.waiting"))
	if !h.Accepted.IsZero() {
		state = ui.Badge(ui.ToneGood, p.T("duty.handover.accepted", "name", h.AcceptedName, "at", h.Accepted))
	}
	parts := []templ.Component{
		box("row", strong(h.AuthorName), ui.When(p, h.Written), state), proseOf(h.Text),
	}
	if edits && h.Accepted.IsZero() {
		b := ui.Button{Label: p.T("work.handover.accept"), Action: "/duty/handovers/" + h.ID.String() + "/accept", Small: true, Icon: ui.IconTick}
		if h.Author == who(r).Name() {
			b.Action, b.Why = "", p.T("work.handover.own")
		}
		parts = append(parts, ui.Act(p, b))
	}
	return box("stack-tight", parts...)
}

// proseOf is text of a person, its lines as they wrote them.
func proseOf(text string) templ.Component {
	var lines []templ.Component
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, para(line))
		}
	}
	return box("", lines...)
}

func (s *Site) handovers(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.handover.title")
	all, err := s.Duty.Handovers(r.Context(), who(r), 200)
	if err != nil {
		return err
	}
	var notes []templ.Component
	for _, h := range all {
		notes = append(notes, panel("", s.handoverNote(p, r, h, may(r, auth.DutyEdit))))
	}
	if len(notes) == 0 {
		notes = []templ.Component{ui.Empty(p, ui.Nothing{Title: p.T("work.handover.none"), Why: p.T("work.handover.hint")})}
	}
	return s.lay(w, r, p, top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.duty"), Href: "/duty"}}}}, notes...)
}

func (s *Site) handoverWrite(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	if _, err := s.Duty.WriteHandover(r.Context(), who(r), tidy(r.PostForm, "text")); err != nil {
		p := s.page(w, r, "work.handover.title")
		return s.amiss(w, r, p, "duty", err, func() templ.Component {
			return board(p, top{Heading: ui.Heading{Crumbs: []ui.Crumb{{Label: p.T("web.nav.duty"), Href: "/duty"}}}}, []templ.Component{s.handoverPanel(p, r, nil, true)})
		})
	}
	return s.done(w, r, "/duty", ui.Flash{Text: s.voice(r).T("work.handover.left")})
}

func (s *Site) handoverAccept(w http.ResponseWriter, r *http.Request) error {
	id, err := duty.ParseHandoverID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.Duty.AcceptHandover(r.Context(), who(r), id); err != nil {
		return err
	}
	return s.done(w, r, "/duty", ui.Flash{Text: s.voice(r).T("work.handover.is_accepted")})
}
