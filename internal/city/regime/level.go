package regime

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

// A LevelRegime is one body of law on the security levels of information
// systems. Two live side by side: dossiers made under the one are still carried
// while new ones are made under the other.
type LevelRegime struct {
	Code     string `json:"code"`    // 2016, 2026
	Edition  string `json:"edition"` // The code of the Edition that it belongs to.
	NameVi   string `json:"name_vi"`
	NameEn   string `json:"name_en"`
	Decree   string `json:"decree"`
	Circular string `json:"circular"` // "" where none guides the decree.
	Standard string `json:"standard"` // The catalogue of controls.
	From     string `json:"from"`     // ISO date in the city, inclusive.
	To       string `json:"to"`       // ISO date, inclusive; "" still.
	Source   Source `json:"source"`
}

// A Question asks for one fact on which a criterion hangs.
type Question struct {
	Code     string       `json:"code"`
	Order    int          `json:"order"`    // Place in the questionnaire.
	Group    string       `json:"group"`    // system, service, scope, harm
	Kind     QuestionKind `json:"kind"`     // How many answers it takes.
	Required bool         `json:"required"` // Without an answer nothing can be decided.
	Role     string       `json:"role"`     // criterion, or definition: asked only to compare with the law's definition
	Regimes  []string     `json:"regimes"`  // Codes of the regimes that ask it.
	Needs    Condition    `json:"needs"`    // It is asked only where this holds.
	TextVi   string       `json:"text_vi"`
	TextEn   string       `json:"text_en"`
	HintVi   string       `json:"hint_vi"`
	HintEn   string       `json:"hint_en"`
	Options  []Option     `json:"options"` // Of One from the mildest to the gravest; the first stands where nobody answered.
	Source   Source       `json:"source"`
}

// A QuestionKind says what a question takes for an answer.
type QuestionKind string

// The kinds of question.
const (
	One    QuestionKind = "one"    // one option
	Many   QuestionKind = "many"   // any options
	Number QuestionKind = "number" // a count, 0 or more
)

// An Option is one answer of a question.
type Option struct {
	Code   string `json:"code"`
	TextVi string `json:"text_vi"`
	TextEn string `json:"text_en"`
}

// Place is how grave an option is among those of its question; -1 for none of
// them.
func (q Question) Place(option string) int {
	return slices.IndexFunc(q.Options, func(o Option) bool { return o.Code == option })
}

// AskedBy tells whether a regime asks the question.
func (q Question) AskedBy(regime string) bool { return slices.Contains(q.Regimes, regime) }

// A Condition is a test for each of several questions, by their codes; it holds
// when all do.
type Condition map[string]Test

// A Test is what an answer must be. Several fields must all hold.
type Test struct {
	Has     []string `json:"has,omitempty"`      // One of these is among the answers.
	Not     []string `json:"not,omitempty"`      // None of these is among the answers.
	AtLeast string   `json:"at_least,omitempty"` // The answer is this option or a graver one.
	From    *int64   `json:"from,omitempty"`     // The number is this or more.
	Below   *int64   `json:"below,omitempty"`    // The number is less than this.
}

// A Provision is a passage of law by its place in the text.
type Provision struct {
	Name    string `json:"-"` // Of the rule: criterion.2016.9.2.c.
	Regime  string `json:"regime"`
	Article string `json:"article"`
	Clause  string `json:"clause"` // khoản, or "".
	Point   string `json:"point"`  // điểm, or "".
	TextVi  string `json:"text_vi"`
	TextEn  string `json:"text_en"` // Our translation; the Vietnamese text is the law.
	Source  Source `json:"source"`
}

// A Criterion is a row of the decision table: a system of which one of When
// holds is of the level. A definition is written alike: it is what the law says
// of the harm behind a level, which the decree's criteria carry out.
type Criterion struct {
	Provision

	Level  int         `json:"level"`
	When   []Condition `json:"when"`
	NoteVi string      `json:"note_vi"` // How the provision was read, where it leaves room.
	NoteEn string      `json:"note_en"`
	From   string      `json:"from"` // ISO dates, inclusive; "" those of the regime.
	To     string      `json:"to"`
}

// A Principle is a provision on how levels are determined: highest, parts,
// split, risk, critical, again, independent.
type Principle struct {
	Provision

	Matter string `json:"matter"`
}

// An Approval says who appraises and who approves a level, between two dates.
type Approval struct {
	Regime      string `json:"regime"`
	Levels      []int  `json:"levels"`
	Scope       string `json:"scope"` // "" all others, military, police, cipher
	AppraiserVi string `json:"appraiser_vi"`
	AppraiserEn string `json:"appraiser_en"`
	ApproverVi  string `json:"approver_vi"`
	ApproverEn  string `json:"approver_en"`
	Appraise    Span   `json:"appraise"` // From a complete dossier to the opinion; none where the law sets no limit.
	Approve     Span   `json:"approve"`  // From a complete dossier to the decision.
	From        string `json:"from"`
	To          string `json:"to"`
	Source      Source `json:"source"`
}

// A Transition says what becomes of systems when a regime begins.
type Transition struct {
	Regime  string `json:"regime"`
	Applies string `json:"applies"` // approved, building, none, standards: to which systems
	TextVi  string `json:"text_vi"`
	TextEn  string `json:"text_en"`
	Until   string `json:"until"` // ISO date by which it must be done, "" none.
	Source  Source `json:"source"`
}

// A Control is a heading of the catalogue of a level. Standards are copyrighted:
// their texts are not here.
type Control struct {
	Regime    string `json:"regime"`
	Level     int    `json:"level"`
	Group     string `json:"group"`
	Clause    string `json:"clause"` // Of the standard or the decree; unique in its level.
	Heading   string `json:"heading"`
	Withdrawn bool   `json:"withdrawn"` // The city takes it out of the catalogue.
	Source    Source `json:"source"`
}

// Highest and lowest level.
const (
	LowestLevel  = 1
	HighestLevel = 5
)

// LevelRegimes are the regimes of levels, the oldest first.
func (r *Regime) LevelRegimes() []LevelRegime {
	all := slices.Clone(r.levels)
	slices.SortFunc(all, func(a, b LevelRegime) int { return strings.Compare(a.From, b.From) })
	return all
}

// LevelRegime is the regime of a code; NotFound when there is none.
func (r *Regime) LevelRegime(code string) (LevelRegime, error) {
	for _, l := range r.levels {
		if l.Code == code {
			return l, nil
		}
	}
	return LevelRegime{}, errs.New(errs.NotFound, "no regime of levels %q", code)
}

// LevelsAt is the regime of levels in force at the instant at, by the city's
// date. Where none is (from 1 July to 18 August 2026 the old decree had lapsed
// and the new one did not yet stand) it is the one that was last, else the first,
// and inForce is false.
func (r *Regime) LevelsAt(at time.Time) (found LevelRegime, inForce bool) {
	all := r.LevelRegimes()
	day := r.day(at)
	found = all[0]
	for _, l := range all {
		if l.From > day {
			break
		}
		found, inForce = l, within(day, l.From, l.To)
	}
	return found, inForce
}

// Questions is the questionnaire of a regime in its order; "" gives that of all.
func (r *Regime) Questions(code string) []Question {
	var all []Question
	for _, q := range r.questions {
		if code == "" || q.AskedBy(code) {
			all = append(all, q)
		}
	}
	slices.SortStableFunc(all, func(a, b Question) int { return a.Order - b.Order })
	return all
}

// Criteria are the rows of a regime's decision table that stand at the instant
// at, the lowest level first. A row without dates of its own stands whenever
// somebody asks by its regime, for dossiers outlive a decree.
func (r *Regime) Criteria(code string, at time.Time) []Criterion {
	return r.rowsOf(r.criteria, code, at)
}

// Definitions are what the law itself says of the levels of a regime.
func (r *Regime) Definitions(code string, at time.Time) []Criterion {
	return r.rowsOf(r.definitions, code, at)
}

func (r *Regime) rowsOf(rows []Criterion, code string, at time.Time) []Criterion {
	var all []Criterion
	for _, c := range rows {
		if c.Regime == code && within(r.day(at), c.From, c.To) {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b Criterion) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// Principles are the provisions of a regime on how levels are determined.
func (r *Regime) Principles(code string) []Principle {
	var all []Principle
	for _, p := range r.principles {
		if p.Regime == code {
			all = append(all, p)
		}
	}
	return all
}

// Approvals say who appraises and approves a level of a regime at the instant
// at; the general rule comes first, then military, police, cipher.
func (r *Regime) Approvals(code string, level int, at time.Time) []Approval {
	var all []Approval
	for _, a := range r.approvals {
		if a.Regime == code && slices.Contains(a.Levels, level) && within(r.day(at), a.From, a.To) {
			all = append(all, a)
		}
	}
	order := []string{"", "military", "police", "cipher"}
	slices.SortStableFunc(all, func(a, b Approval) int { return slices.Index(order, a.Scope) - slices.Index(order, b.Scope) })
	return all
}

// Transitions are what becomes of systems when a regime begins.
func (r *Regime) Transitions(code string) []Transition {
	var all []Transition
	for _, t := range r.transitions {
		if t.Regime == code {
			all = append(all, t)
		}
	}
	return all
}

// Controls is the catalogue of a level, in the order of the standard.
func (r *Regime) Controls(code string, level int) []Control {
	var all []Control
	for _, c := range r.controls {
		if c.Regime == code && c.Level == level && !c.Withdrawn {
			all = append(all, c)
		}
	}
	return all
}

// levelFamilies are the families of rules about levels; a city may add to all of
// them but the regimes.
func levelFamilies() []string {
	return []string{"levels", "question", "criterion", "definition", "principle", "approval", "transition", "control"}
}

// buildLevel reads one rule about levels.
func (b *builder) buildLevel(family, name string) error {
	r := &b.regime
	switch family {
	case "levels":
		return take(b, name, &r.levels, func(l *LevelRegime) (*Source, error) {
			return &l.Source, soundDates("levels", l.From, l.To, l.Code != "" && l.NameVi != "" && l.NameEn != "" && l.From != "")
		})
	case "question":
		return take(b, name, &r.questions, func(q *Question) (*Source, error) { return &q.Source, q.check(name) })
	case "criterion":
		return take(b, name, &r.criteria, func(c *Criterion) (*Source, error) { c.Name = name; return &c.Source, c.check() })
	case "definition":
		return take(b, name, &r.definitions, func(c *Criterion) (*Source, error) { c.Name = name; return &c.Source, c.check() })
	case "principle":
		return take(b, name, &r.principles, func(p *Principle) (*Source, error) {
			p.Name = name
			return &p.Source, soundDates("a principle", "", "", p.Regime != "" && p.Matter != "" && p.TextVi != "" && p.TextEn != "")
		})
	case "approval":
		return take(b, name, &r.approvals, func(a *Approval) (*Source, error) {
			return &a.Source, soundDates("an approval", a.From, a.To, a.Regime != "" && len(a.Levels) > 0 && a.AppraiserVi != "" && a.AppraiserEn != "" && a.ApproverVi != "" && a.ApproverEn != "")
		})
	case "transition":
		return take(b, name, &r.transitions, func(t *Transition) (*Source, error) {
			return &t.Source, soundDates("a transition", t.Until, "", t.Regime != "" && t.TextVi != "" && t.TextEn != "")
		})
	}
	return b.buildControl(name)
}

// take reads a rule into a new row of all. parts gives its source, and what is
// wrong with the row once it is filled.
func take[T any](b *builder, name string, all *[]T, parts func(*T) (*Source, error)) error {
	var row T
	source, _ := parts(&row)
	if err := fill(b, name, &row, source); err != nil {
		return err
	}
	if _, err := parts(&row); err != nil {
		return err
	}
	*all = append(*all, row)
	return nil
}

func soundDates(what, from, to string, whole bool) error {
	for _, day := range []string{from, to} {
		if _, err := parseDate(day); day != "" && err != nil {
			return errs.New(errs.Invalid, "%q is no date", day)
		}
	}
	if !whole {
		return errs.New(errs.Invalid, "%s lacks its code, regime or texts in both languages", what)
	}
	return nil
}

func (q Question) check(name string) error {
	if "question."+q.Code != name || q.TextVi == "" || q.TextEn == "" || len(q.Regimes) == 0 {
		return errs.New(errs.Invalid, "a question needs its code, text_vi, text_en and regimes")
	}
	seen := map[string]bool{}
	for _, o := range q.Options {
		if o.Code == "" || o.TextVi == "" || o.TextEn == "" || seen[o.Code] {
			return errs.New(errs.Invalid, "an option needs a code of its own, text_vi and text_en")
		}
		seen[o.Code] = true
	}
	switch {
	case q.Kind == Number && len(q.Options) == 0, (q.Kind == One || q.Kind == Many) && len(q.Options) > 1:
		return nil
	}
	return errs.New(errs.Invalid, "kind %q with %d options: write one or many with two options or more, or number with none", q.Kind, len(q.Options))
}

func (c Criterion) check() error {
	if c.Level < LowestLevel || c.Level > HighestLevel || len(c.When) == 0 || c.Article == "" {
		return errs.New(errs.Invalid, "a criterion needs its level (1 to 5), article and when")
	}
	return soundDates("a criterion", c.From, c.To, c.Regime != "" && c.TextVi != "" && c.TextEn != "")
}

// buildControl takes a city's change of the catalogue: the rule's name is
// control.REGIME.LEVEL.CLAUSE.
func (b *builder) buildControl(name string) error {
	parts := strings.SplitN(name, ".", 4)
	if len(parts) != 4 {
		return errs.New(errs.Invalid, "write control.2016.3.7.1.1.1: regime, level, clause")
	}
	level, err := strconv.Atoi(parts[2])
	if err != nil || level < LowestLevel || level > HighestLevel {
		return errs.New(errs.Invalid, "level %q: write 1 to 5", parts[2])
	}
	c := Control{Regime: parts[1], Level: level, Clause: parts[3]}
	at := slices.IndexFunc(b.regime.controls, func(x Control) bool {
		return x.Regime == c.Regime && x.Level == c.Level && x.Clause == c.Clause
	})
	if at >= 0 {
		c = b.regime.controls[at]
	}
	if err := fill(b, name, &c, &c.Source); err != nil {
		return err
	}
	if c.Regime != parts[1] || c.Level != level || c.Clause != parts[3] || c.Group == "" || c.Heading == "" {
		return errs.New(errs.Invalid, "a control needs its group and heading, and the regime, level and clause of its name")
	}
	if at < 0 {
		b.regime.controls = append(b.regime.controls, c)
	} else {
		b.regime.controls[at] = c
	}
	return nil
}

// readControls reads data/controls.tsv: regime, level, group, clause, heading,
// citation, mark.
func readControls(raw string) ([]Control, error) {
	var all []Control
	for i, line := range strings.Split(strings.TrimSpace(raw), "\n") {
		if i == 0 {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, errs.New(errs.Internal, "controls: line %d has %d fields", i+1, len(f))
		}
		level, err := strconv.Atoi(f[1])
		if err != nil || !Mark(f[6]).sound() {
			return nil, errs.New(errs.Internal, "controls: line %d: level %q, mark %q", i+1, f[1], f[6])
		}
		all = append(all, Control{Regime: f[0], Level: level, Group: f[2], Clause: f[3], Heading: f[4], Source: Source{Citation: f[5], Mark: Mark(f[6])}})
	}
	return all, nil
}

// checkLevels looks whether every row speaks of a regime, a question and an
// option that there are.
func (b *builder) checkLevels() []errs.Place {
	r := &b.regime
	var places []errs.Place
	say := func(name, reason string) { places = append(places, errs.Place{Field: name, Reason: reason}) }
	regime := func(name, code string) {
		if _, err := r.LevelRegime(code); err != nil {
			say(name, "no regime of levels "+strconv.Quote(code))
		}
	}
	for _, q := range r.questions {
		for _, code := range q.Regimes {
			regime("question."+q.Code, code)
		}
		if reason := r.amiss(q.Needs); reason != "" {
			say("question."+q.Code, reason)
		}
	}
	for _, c := range slices.Concat(r.criteria, r.definitions) {
		regime(c.Name, c.Regime)
		for _, when := range c.When {
			if reason := r.amiss(when); reason != "" {
				say(c.Name, reason)
			}
		}
	}
	for _, p := range r.principles {
		regime(p.Name, p.Regime)
	}
	for _, a := range r.approvals {
		regime("approval", a.Regime)
	}
	for _, t := range r.transitions {
		regime("transition", t.Regime)
	}
	for _, c := range r.controls {
		regime("control", c.Regime)
	}
	return places
}

// amiss says what of a condition there is not, or "".
func (r *Regime) amiss(c Condition) string {
	for code, test := range c {
		at := slices.IndexFunc(r.questions, func(q Question) bool { return q.Code == code })
		if at < 0 {
			return "no question " + strconv.Quote(code)
		}
		q := r.questions[at]
		options := slices.Concat(test.Has, test.Not)
		if test.AtLeast != "" {
			options = append(options, test.AtLeast)
		}
		for _, o := range options {
			if q.Place(o) < 0 {
				return "question " + code + " has no option " + strconv.Quote(o)
			}
		}
		if (test.From != nil || test.Below != nil) != (q.Kind == Number) || (test.AtLeast != "" && q.Kind != One) {
			return "question " + code + " is not tested so"
		}
	}
	return ""
}
