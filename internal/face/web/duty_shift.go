package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/duty"
	"tocsin/internal/face/web/ui"
)

func dutyCrumb(p *ui.Page) ui.Crumb { return ui.Crumb{Label: p.T("web.nav.duty"), Href: "/duty"} }

func (s *Site) shiftNew(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.shift.add")
	next := p.Now.In(p.Zone()).Truncate(time.Hour).Add(time.Hour)
	return s.show(w, r, shiftForm(p, duty.Shift{Plan: duty.Plan{Level: 1, From: next, To: next.Add(12 * time.Hour)}}, "/duty/shifts/new"))
}

func shiftForm(p *ui.Page, x duty.Shift, action string) templ.Component {
	return leaf(p, dutyCrumb(p), posting(action, append(shiftFields(p, x.Plan),
		box("form-row",
			ui.Field(p, ui.Input{Name: "from", Label: p.T("work.begins"), Kind: ui.InputMoment, Value: x.From.In(p.Zone()).Format(momentForm), Required: true}),
			ui.Field(p, ui.Input{Name: "to", Label: p.T("work.ends"), Kind: ui.InputMoment, Value: x.To.In(p.Zone()).Format(momentForm), Required: true}),
		),
		ui.Acts(p, ui.Button{Label: p.T("work.shift.save"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/duty"}),
	)...), shiftRemoval(p, x))
}

func shiftFields(p *ui.Page, x duty.Plan) []templ.Component {
	var levels []ui.Choice
	for level := 1; level <= 4; level++ {
		levels = append(levels, ui.Choice{Value: strconv.Itoa(level), Label: levelWords(p, level)})
	}
	return []templ.Component{
		ui.Field(p, ui.Input{Name: "name", Label: p.T("work.shift.name"), Value: x.Name, Required: true}),
		ui.Field(p, ui.Input{Name: "phone", Label: p.T("work.part.phone"), Hint: p.T("work.shift.reach"), Kind: ui.InputPhone, Value: x.Phone}),
		ui.Field(p, ui.Input{Name: "email", Label: p.T("work.part.email"), Kind: ui.InputEmail, Value: x.Email}),
		ui.Field(p, ui.Input{Name: "level", Label: p.T("work.shift.level"), Hint: p.T("work.shift.level_hint"), Kind: ui.InputSelect, Value: strconv.Itoa(x.Level), Choices: levels, Required: true}),
	}
}

// shiftRemoval takes a shift back, and says why it cannot when it has begun.
func shiftRemoval(p *ui.Page, x duty.Shift) templ.Component {
	if x.ID == 0 {
		return nil
	}
	b := ui.Button{Label: p.T("work.shift.remove"), Action: "/duty/shifts/" + x.ID.String() + "/remove", Kind: ui.KindDanger, Icon: ui.IconBin}
	if !p.Now.Before(x.From) {
		b.Action, b.Why = "", p.T("work.shift.begun")
	}
	return box("", ui.Act(p, b))
}

func (s *Site) postedShift(r *http.Request) (duty.Plan, error) {
	if err := r.ParseForm(); err != nil {
		return duty.Plan{}, badForm(r, err)
	}
	x := duty.Plan{Name: tidy(r.PostForm, "name"), Email: tidy(r.PostForm, "email"), Phone: tidy(r.PostForm, "phone")}
	x.Level, _ = strconv.Atoi(r.PostForm.Get("level")) // no number is no level, which the room refuses
	return x, nil
}

func (s *Site) shiftAdd(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.shift.add")
	x, err := s.postedShift(r)
	if err != nil {
		return err
	}
	x.From, x.To = moment(p, r, "from"), moment(p, r, "to")
	again := func() templ.Component { return shiftForm(p, duty.Shift{Plan: x}, "/duty/shifts/new") }
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, again())
	}
	if _, err := s.Duty.AddShifts(r.Context(), who(r), x); err != nil {
		return s.shiftAmiss(w, r, p, err, again)
	}
	return s.done(w, r, "/duty?week="+x.From.In(p.Zone()).Format(time.DateOnly), ui.Flash{Text: p.T("work.shift.added", "name", x.Name)})
}

// shiftAmiss tells of a person who would be on duty twice at the field where it
// can be put right.
func (s *Site) shiftAmiss(w http.ResponseWriter, r *http.Request, p *ui.Page, err error, again func() templ.Component) error {
	if errs.Is(err, errs.Conflict) && len(errs.PlacesOf(err)) == 0 {
		wrong(p, "from", "work.wrong.shift")
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusConflict, again())
	}
	return s.amiss(w, r, p, "duty", err, again)
}

func (s *Site) shiftOf(r *http.Request) (duty.Shift, error) {
	id, err := duty.ParseShiftID(r.PathValue("id"))
	if err != nil {
		return duty.Shift{}, err
	}
	return s.Duty.Shift(r.Context(), who(r), id)
}

func (s *Site) shift(w http.ResponseWriter, r *http.Request) error {
	x, err := s.shiftOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.shift.edit")
	return s.show(w, r, shiftForm(p, x, "/duty/shifts/"+x.ID.String()))
}

func (s *Site) shiftSave(w http.ResponseWriter, r *http.Request) error {
	old, err := s.shiftOf(r)
	if err != nil {
		return err
	}
	p := s.page(w, r, "work.shift.edit")
	x, err := s.postedShift(r)
	if err != nil {
		return err
	}
	x.From, x.To = moment(p, r, "from"), moment(p, r, "to")
	again := func() templ.Component { return shiftForm(p, old, "/duty/shifts/"+old.ID.String()) }
	if len(p.Problems) > 0 {
		p.Posted = r.PostForm
		return s.showAs(w, r, http.StatusUnprocessableEntity, again())
	}
	// A browser's moment has no seconds: what it shows unchanged is unchanged.
	if x.From.Equal(old.From.Truncate(time.Minute)) {
		x.From = old.From
	}
	if _, err := s.Duty.ChangeShift(r.Context(), who(r), old.ID, x); err != nil {
		return s.shiftAmiss(w, r, p, err, again)
	}
	return s.done(w, r, "/duty?week="+x.From.In(p.Zone()).Format(time.DateOnly), ui.Flash{Text: p.T("work.saved")})
}

func (s *Site) shiftRemove(w http.ResponseWriter, r *http.Request) error {
	id, err := duty.ParseShiftID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.Duty.RemoveShift(r.Context(), who(r), id); err != nil {
		return err
	}
	return s.done(w, r, "/duty", ui.Flash{Text: s.voice(r).T("work.shift.removed")})
}

func (s *Site) rotatePage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.rotate.title")
	return s.show(w, r, rotateForm(p))
}

// rotateForm plans many shifts at once: people who take turns, one a line.
func rotateForm(p *ui.Page) templ.Component {
	from := day(p, "from")
	if from.IsZero() {
		from = monday(p, p.Now).AddDate(0, 0, 7)
	}
	from = from.Add(7*time.Hour + 30*time.Minute)
	var levels []ui.Choice
	for level := 1; level <= 4; level++ {
		levels = append(levels, ui.Choice{Value: strconv.Itoa(level), Label: levelWords(p, level)})
	}
	return leaf(p, dutyCrumb(p), hushed(p.T("work.rotate.lead")), posting("/duty/rotate",
		ui.Field(p, ui.Input{Name: "people", Label: p.T("work.rotate.people"), Hint: p.T("work.rotate.people_hint"), Kind: ui.InputLong, Lines: 6, Required: true}),
		ui.Field(p, ui.Input{Name: "level", Label: p.T("work.shift.level"), Kind: ui.InputSelect, Value: "1", Choices: levels, Required: true}),
		box("form-row",
			ui.Field(p, ui.Input{Name: "from", Label: p.T("work.rotate.from"), Kind: ui.InputMoment, Value: from.Format(momentForm), Required: true}),
			ui.Field(p, ui.Input{Name: "length", Label: p.T("work.rotate.length"), Kind: ui.InputNumber, Value: "12", Short: true, Required: true}),
			ui.Field(p, ui.Input{Name: "n", Label: p.T("work.rotate.n"), Kind: ui.InputNumber, Value: "14", Short: true, Required: true}),
		),
		ui.Acts(p, ui.Button{Label: p.T("work.rotate.act"), Submit: true, Kind: ui.KindPrimary}, ui.Button{Label: p.T("ui.cancel"), Href: "/duty"}),
	))
}

// mostShifts is how many shifts one form plans: a quarter of a year of three a
// day.
const mostShifts = 300

func (s *Site) rotate(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.rotate.title")
	p.Posted = r.PostForm
	level, _ := strconv.Atoi(r.PostForm.Get("level")) // no number is no level, which the room refuses
	var people []duty.Plan
	for line := range strings.SplitSeq(r.PostForm.Get("people"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		x := duty.Plan{Level: level}
		for i, field := range strings.SplitN(line, ";", 3) {
			switch field = strings.TrimSpace(field); {
			case i == 0:
				x.Name = field
			case strings.Contains(field, "@"):
				x.Email = field
			default:
				x.Phone = field
			}
		}
		people = append(people, x)
	}
	from := moment(p, r, "from")
	length, err := strconv.Atoi(tidy(r.PostForm, "length"))
	if err != nil || length < 1 || length > 24*31 {
		wrong(p, "length", "work.wrong.length")
	}
	n, err := strconv.Atoi(tidy(r.PostForm, "n"))
	if err != nil || n < 1 || n > mostShifts {
		wrong(p, "n", "work.wrong.n", "most", mostShifts)
	}
	if len(people) == 0 {
		wrong(p, "people", "work.wrong.people")
	}
	if len(p.Problems) > 0 {
		return s.showAs(w, r, http.StatusUnprocessableEntity, rotateForm(p))
	}
	added, err := s.Duty.AddShifts(r.Context(), who(r), duty.Rotate(people, from, time.Duration(length)*time.Hour, n)...)
	if err != nil {
		return s.shiftAmiss(w, r, p, err, func() templ.Component { return rotateForm(p) })
	}
	return s.done(w, r, "/duty?week="+from.Format(time.DateOnly), ui.Flash{Text: p.N("work.rotate.done", len(added))})
}
