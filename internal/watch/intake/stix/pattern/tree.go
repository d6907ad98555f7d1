// Package pattern is the patterning language of STIX 2.1 (OASIS STIX 2.1 §9):
// it parses a pattern into a tree, says which single values are enough to
// satisfy it, and matches it against observed data.
//
// The grammar, loosest first:
//
//	pattern     = follows
//	follows     = either *( "FOLLOWEDBY" either )
//	either      = both *( "OR" both )
//	both        = observation *( "AND" observation )
//	observation = ( "[" comparison "]" | "(" follows ")" ) *qualifier
//	qualifier   = "WITHIN" number "SECONDS" | "REPEATS" int "TIMES"
//	            | "START" instant "STOP" instant
//	comparison  = all *( "OR" all )
//	all         = test *( "AND" test )
//	test        = "(" comparison ")" | [ "NOT" ] "EXISTS" path
//	            | path [ "NOT" ] operator literal | path [ "NOT" ] "IN" set
//	path        = type ":" name *( "." name | "[" ( int | "*" ) "]" )
//
// It is pure: no clock, no network.
package pattern

import (
	"strconv"
	"strings"
	"time"
)

// A Pattern is a parsed pattern. It is never changed and may be shared.
type Pattern struct{ Root Observation }

// An Observation is an observation expression: Simple, Joined or Qualified.
type Observation interface{ observation() }

// Simple is one bracket: its comparison holds of one observed object.
type Simple struct{ Test Comparison }

// Joined is two or more observation expressions under one operator.
type Joined struct {
	Op    Join
	Parts []Observation
}

// Qualified narrows an observation expression. Exactly one of the qualifiers is
// set.
type Qualified struct {
	Of          Observation
	Within      time.Duration // WITHIN: all of it in so much time
	Repeats     int           // REPEATS: so many times, each by other observations
	Start, Stop time.Time     // START STOP: at or after Start, before Stop
}

func (Simple) observation()    {}
func (Joined) observation()    {}
func (Qualified) observation() {}

// A Join is an operator between observation expressions or comparisons.
type Join string

// The operators; FollowedBy stands between observation expressions only.
const (
	And        Join = "AND"
	Or         Join = "OR"
	FollowedBy Join = "FOLLOWEDBY"
)

// A Comparison is a comparison expression: Logic or Test.
type Comparison interface{ comparison() }

// Logic is two or more comparisons under AND or OR.
type Logic struct {
	Op    Join
	Parts []Comparison
}

// Test compares what a path leads to.
type Test struct {
	Path   Path
	Not    bool
	Op     Operator
	Values []Literal // one; of In any number; of Exists none
}

func (Logic) comparison() {}
func (Test) comparison()  {}

// An Operator compares a value with a literal.
type Operator string

// The operators.
const (
	Equal        Operator = "="
	Unequal      Operator = "!="
	Less         Operator = "<"
	LessEqual    Operator = "<="
	Greater      Operator = ">"
	GreaterEqual Operator = ">="
	In           Operator = "IN"
	Like         Operator = "LIKE"
	Matches      Operator = "MATCHES"
	IsSubset     Operator = "ISSUBSET"
	IsSuperset   Operator = "ISSUPERSET"
	Exists       Operator = "EXISTS"
)

// A Path leads from an object of a type to a value: file:hashes.'SHA-256'.
type Path struct {
	Type  string
	Steps []Step // never empty
}

// A Step is a name, or an index into a list.
type Step struct {
	Name  string
	Index int  // where List
	List  bool // an index or every element
	Every bool // [*]
}

// String writes the path as a pattern does; a name with other characters than
// letters, digits and underscores stands in quotation marks.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Type)
	for i, s := range p.Steps {
		switch {
		case s.Every:
			b.WriteString("[*]")
			continue
		case s.List:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
			continue
		case i == 0:
			b.WriteByte(':')
		default:
			b.WriteByte('.')
		}
		if bare(s.Name) {
			b.WriteString(s.Name)
		} else {
			b.WriteString(quote(s.Name))
		}
	}
	return b.String()
}

func bare(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) && (i == 0 || !digit(s[i])) {
			return false
		}
	}
	return s != "" && !keyword(s)
}

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// A Type says what a literal is.
type Type string

// The types of literals.
const (
	Text    Type = "string"
	Integer Type = "integer"
	Float   Type = "float"
	Boolean Type = "boolean"
	Hex     Type = "hex"
	Binary  Type = "binary"
	Instant Type = "timestamp"
)

// A Literal is a constant of a pattern.
type Literal struct {
	Type   Type
	Text   string // of Text; of Hex and Binary the bytes
	Number float64
	Truth  bool
	Time   time.Time
}
