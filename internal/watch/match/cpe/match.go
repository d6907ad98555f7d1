package cpe

// A Relation says how the products of one name, the source, lie to those of
// another, the target (NISTIR 7696 §6.1).
type Relation uint8

// The relations. Undefined is what the standard leaves open: the target has
// wildcards itself.
const (
	Undefined Relation = iota
	Disjoint
	Equal
	Subset   // the source is within the target
	Superset // the source holds the target
)

// String is the standard's word.
func (r Relation) String() string {
	switch r {
	case Disjoint:
		return "disjoint"
	case Equal:
		return "equal"
	case Subset:
		return "subset"
	case Superset:
		return "superset"
	case Undefined:
	}
	return "undefined"
}

// Compare relates two names by their attributes (§6.2): disjoint where one
// attribute is; equal where all are; subset or superset where none goes the
// other way.
func Compare(source, target Name) Relation {
	all := Equal
	for i := range source {
		switch r := compare(source[i], target[i]); {
		case r == Disjoint:
			return Disjoint
		case r == Equal || all == Undefined:
		case r == Undefined, all != Equal && all != r:
			all = Undefined
		default:
			all = r
		}
	}
	return all
}

// Concerns says that the source's name holds the target or may hold it, leaving
// aside the attributes that are named: an advisory's name without its versions
// beside a product's.
func Concerns(source, target Name, aside ...Attribute) bool {
	for _, a := range aside {
		source[a], target[a] = Any, Any
	}
	return Compare(source, target) != Disjoint
}

// compare is table 6-2 of §6.2.
func compare(source, target Value) Relation {
	switch {
	case source == target && !source.wild():
		return Equal
	case source == Any && target.wild(), target.wild():
		if source == target {
			return Equal
		}
		if source == Any {
			return Superset
		}
		return Undefined
	case source == Any:
		return Superset
	case target == Any:
		return Subset
	case source == NA || target == NA:
		return Disjoint
	case source.wild() && glob(source, target):
		return Superset
	}
	return Disjoint
}

// glob matches the target's characters with the source's: * is any run, also an
// empty one; ? at an end is one character or none (§6.3).
func glob(source, target Value) bool {
	s, t := units(source), units(target)
	var lead, tail int
	leadAny, tailAny := false, false
	switch {
	case len(s) > 0 && s[0] == "*":
		leadAny, s = true, s[1:]
	default:
		for len(s) > 0 && s[0] == "?" {
			lead++
			s = s[1:]
		}
	}
	switch {
	case len(s) > 0 && s[len(s)-1] == "*":
		tailAny, s = true, s[:len(s)-1]
	default:
		for len(s) > 0 && s[len(s)-1] == "?" {
			tail++
			s = s[:len(s)-1]
		}
	}
	for start := 0; start+len(s) <= len(t); start++ {
		rest := len(t) - start - len(s)
		if (leadAny || start <= lead) && (tailAny || rest <= tail) && same(s, t[start:start+len(s)]) {
			return true
		}
	}
	return false
}

// units cuts a value into characters, each with its quoting.
func units(v Value) []string {
	var all []string
	for i := 0; i < len(v); i++ {
		start := i
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		all = append(all, string(v[start:i+1]))
	}
	return all
}

func same(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
