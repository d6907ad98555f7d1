package pattern

import (
	"math"
	"strconv"
	"time"
)

// MaxDepth bounds how deep parentheses may stand in each other.
const MaxDepth = 100

// MaxLength bounds a pattern in bytes.
const MaxLength = 1 << 20

// Parse reads a pattern. What breaks the grammar is an *Error.
func Parse(s string) (*Pattern, error) {
	if len(s) > MaxLength {
		return nil, &Error{Column: 1, Reason: "the pattern is longer than " + strconv.Itoa(MaxLength) + " bytes"}
	}
	p := &parser{lex: lexer{text: s}}
	if err := p.step(); err != nil {
		return nil, err
	}
	root, err := p.follows()
	if err != nil {
		return nil, err
	}
	if p.now.kind != end {
		return nil, p.unexpected("the end, a qualifier, AND, OR or FOLLOWEDBY")
	}
	return &Pattern{Root: root}, nil
}

// A parser is the lexer with one token of lookahead.
type parser struct {
	lex   lexer
	now   token
	depth int
}

func (p *parser) step() error {
	t, err := p.lex.next()
	p.now = t
	return err
}

func (p *parser) fail(format string, a ...any) error { return p.lex.fail(p.now.at, format, a...) }

// unexpected says what stands where something else had to.
func (p *parser) unexpected(wanted string) error {
	found := "the pattern ends"
	if p.now.kind != end {
		found = strconv.Quote(p.lex.text[p.now.at:p.lex.pos]) + " stands"
	}
	return p.fail("%s where %s is needed", found, wanted)
}

// is says whether the present token is a keyword or symbol.
func (p *parser) is(text string) bool {
	return (p.now.kind == word || p.now.kind == symbol) && p.now.text == text
}

// take passes over the present token if it is that keyword or symbol.
func (p *parser) take(text string) (bool, error) {
	if !p.is(text) {
		return false, nil
	}
	return true, p.step()
}

func (p *parser) need(text string) error {
	if !p.is(text) {
		return p.unexpected(strconv.Quote(text))
	}
	return p.step()
}

// deeper enters a parenthesis.
func (p *parser) deeper() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail("parentheses stand more than %d deep in each other", MaxDepth)
	}
	return p.step()
}

// chain reads one part, and more while op stands between them.
func chain[T any](p *parser, op Join, part func() (T, error), join func([]T) T) (T, error) {
	first, err := part()
	if err != nil || !p.is(string(op)) {
		return first, err
	}
	parts := []T{first}
	for p.is(string(op)) {
		if err := p.step(); err != nil {
			return first, err
		}
		next, err := part()
		if err != nil {
			return first, err
		}
		parts = append(parts, next)
	}
	return join(parts), nil
}

func (p *parser) follows() (Observation, error) { return p.joined(FollowedBy, p.either) }

func (p *parser) either() (Observation, error) { return p.joined(Or, p.both) }

func (p *parser) both() (Observation, error) { return p.joined(And, p.observation) }

func (p *parser) joined(op Join, part func() (Observation, error)) (Observation, error) {
	return chain(p, op, part, func(parts []Observation) Observation { return Joined{Op: op, Parts: parts} })
}

func (p *parser) observation() (Observation, error) {
	var (
		of    Observation
		close string
	)
	switch {
	case p.is("["):
		if err := p.step(); err != nil {
			return nil, err
		}
		test, err := p.comparison()
		if err != nil {
			return nil, err
		}
		of, close = Simple{test}, "]"
	case p.is("("):
		if err := p.deeper(); err != nil {
			return nil, err
		}
		inner, err := p.follows()
		if err != nil {
			return nil, err
		}
		p.depth--
		of, close = inner, ")"
	default:
		return nil, p.unexpected(`"[" or "("`)
	}
	if err := p.need(close); err != nil {
		return nil, err
	}
	return p.qualifiers(of)
}

// qualifiers reads what narrows an observation; any number may follow.
func (p *parser) qualifiers(of Observation) (Observation, error) {
	for n := 0; ; n++ {
		q := Qualified{Of: of}
		var err error
		switch {
		case p.is("WITHIN"):
			q.Within, err = p.within()
		case p.is("REPEATS"):
			q.Repeats, err = p.repeats()
		case p.is("START"):
			q.Start, q.Stop, err = p.window()
		default:
			return of, nil
		}
		if err != nil {
			return nil, err
		}
		if n == MaxDepth {
			return nil, p.fail("more than %d qualifiers", MaxDepth)
		}
		of = q
	}
}

func (p *parser) within() (time.Duration, error) {
	if err := p.step(); err != nil {
		return 0, err
	}
	n := p.now.value
	if p.now.kind != literal || n.Type != Integer && n.Type != Float || n.Number <= 0 {
		return 0, p.unexpected("a number of seconds above zero")
	}
	d := time.Duration(math.MaxInt64)
	if n.Number < d.Seconds() {
		d = time.Duration(n.Number * float64(time.Second))
	}
	if err := p.step(); err != nil {
		return 0, err
	}
	return max(1, d), p.need("SECONDS")
}

func (p *parser) repeats() (int, error) {
	if err := p.step(); err != nil {
		return 0, err
	}
	n := p.now.value
	if p.now.kind != literal || n.Type != Integer || n.Number < 1 || n.Number > math.MaxInt32 {
		return 0, p.unexpected("a whole number above zero")
	}
	if err := p.step(); err != nil {
		return 0, err
	}
	return int(n.Number), p.need("TIMES")
}

// window reads START and STOP. STIX 2.0 wrote their instants as plain strings.
func (p *parser) window() (start, stop time.Time, err error) {
	if err = p.step(); err != nil {
		return start, stop, err
	}
	if start, err = p.instant(); err != nil {
		return start, stop, err
	}
	if err = p.need("STOP"); err != nil {
		return start, stop, err
	}
	at := p.now.at
	if stop, err = p.instant(); err != nil {
		return start, stop, err
	}
	if !stop.After(start) {
		err = p.lex.fail(at, "STOP is not after START")
	}
	return start, stop, err
}

func (p *parser) instant() (time.Time, error) {
	t := p.now.value.Time
	switch {
	case p.now.kind == literal && p.now.value.Type == Instant:
	case p.now.kind == literal && p.now.value.Type == Text:
		var ok bool
		if t, ok = Timestamp(p.now.value.Text); !ok {
			return t, p.unexpected("an instant")
		}
	default:
		return t, p.unexpected("an instant")
	}
	return t, p.step()
}

func (p *parser) comparison() (Comparison, error) { return p.logic(Or, p.all) }

func (p *parser) all() (Comparison, error) { return p.logic(And, p.test) }

func (p *parser) logic(op Join, part func() (Comparison, error)) (Comparison, error) {
	return chain(p, op, part, func(parts []Comparison) Comparison { return Logic{Op: op, Parts: parts} })
}

func (p *parser) test() (Comparison, error) {
	if p.is("(") {
		if err := p.deeper(); err != nil {
			return nil, err
		}
		inner, err := p.comparison()
		if err != nil {
			return nil, err
		}
		p.depth--
		return inner, p.need(")")
	}
	not, err := p.take("NOT")
	if err != nil {
		return nil, err
	}
	if p.is("EXISTS") {
		if err := p.step(); err != nil {
			return nil, err
		}
		path, err := p.path()
		return Test{Path: path, Not: not, Op: Exists}, err
	}
	if not {
		return nil, p.unexpected(`"EXISTS"`)
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if not, err = p.take("NOT"); err != nil {
		return nil, err
	}
	op, err := p.operator()
	if err != nil {
		return nil, err
	}
	values, err := p.operand(op)
	return Test{Path: path, Not: not, Op: op, Values: values}, err
}

func (p *parser) operator() (Operator, error) {
	op := Operator(p.now.text)
	if p.now.kind == symbol || p.now.kind == word {
		switch op {
		case Equal, Unequal, Less, LessEqual, Greater, GreaterEqual, In, Like, Matches, IsSubset, IsSuperset:
			return op, p.step()
		case Exists:
		}
	}
	return "", p.unexpected("a comparison operator")
}

// operand reads what an operator compares with, and holds its type.
func (p *parser) operand(op Operator) ([]Literal, error) {
	if op == In {
		return p.set()
	}
	v, err := p.constant()
	if err != nil {
		return nil, err
	}
	bad := ""
	switch op {
	case Less, LessEqual, Greater, GreaterEqual:
		if v.Type == Boolean {
			bad = "something that has an order"
		}
	case Like, Matches, IsSubset, IsSuperset:
		if v.Type != Text {
			bad = "a string"
		}
	case Equal, Unequal, In, Exists:
	}
	if bad != "" {
		return nil, p.unexpected(bad)
	}
	return []Literal{v}, p.step()
}

// constant is the present token as a literal; it is not passed over.
func (p *parser) constant() (Literal, error) {
	if p.now.kind != literal {
		return Literal{}, p.unexpected("a literal")
	}
	return p.now.value, nil
}

// set reads the list of IN, all of one type; whole numbers go with others.
func (p *parser) set() ([]Literal, error) {
	if err := p.need("("); err != nil {
		return nil, err
	}
	values := []Literal{}
	for !p.is(")") {
		if len(values) > 0 {
			if err := p.need(","); err != nil {
				return nil, err
			}
		}
		v, err := p.constant()
		if err != nil {
			return nil, err
		}
		if len(values) > 0 && sort(v) != sort(values[0]) {
			return nil, p.fail("a set holds values of one type")
		}
		values = append(values, v)
		if err := p.step(); err != nil {
			return nil, err
		}
	}
	return values, p.step()
}

// sort is the type by which literals can stand in one set.
func sort(v Literal) Type {
	switch v.Type {
	case Integer:
		return Float
	case Binary:
		return Hex
	case Text, Float, Boolean, Hex, Instant:
	}
	return v.Type
}

// path reads type:name.name[0] and so on.
func (p *parser) path() (Path, error) {
	if p.now.kind != name && p.now.kind != hyphens {
		return Path{}, p.unexpected("an object's type")
	}
	path := Path{Type: p.now.text}
	if err := p.step(); err != nil {
		return path, err
	}
	if err := p.need(":"); err != nil {
		return path, err
	}
	if err := p.stepName(&path); err != nil {
		return path, err
	}
	for {
		switch {
		case p.is("."):
			if err := p.step(); err != nil {
				return path, err
			}
			if err := p.stepName(&path); err != nil {
				return path, err
			}
		case p.is("["):
			if err := p.stepIndex(&path); err != nil {
				return path, err
			}
		default:
			return path, nil
		}
	}
}

func (p *parser) stepName(path *Path) error {
	if p.now.kind != name && (p.now.kind != literal || p.now.value.Type != Text) {
		return p.unexpected("a property's name")
	}
	path.Steps = append(path.Steps, Step{Name: p.now.text})
	return p.step()
}

func (p *parser) stepIndex(path *Path) error {
	if err := p.step(); err != nil {
		return err
	}
	s := Step{List: true}
	v := p.now.value
	switch {
	case p.is("*"):
		s.Every = true
	case p.now.kind == literal && v.Type == Integer && math.Abs(v.Number) <= math.MaxInt32:
		s.Index = int(v.Number)
	default:
		return p.unexpected(`an index or "*"`)
	}
	path.Steps = append(path.Steps, s)
	if err := p.step(); err != nil {
		return err
	}
	return p.need("]")
}
