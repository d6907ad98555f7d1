package stix

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed shapes.txt
var shapesText string

// A shape is what the standard asks of an object, or of a part of one.
type shape struct {
	name   string
	family string // sdo, sro, sco, meta, part
	fields map[string]field
	needs  []string // names of the fields that must be there, in order
	any    [][]string
	same   [][2]string
	order  []order
}

// A field is one property.
type field struct {
	form  string // the word before the first colon, without []
	words []string
	least float64 // of numbers
	most  float64
	bound bool // whether least or most hold
	upper bool
	list  bool
	need  bool
	since bool // needed since 2.1 only
}

// An order holds that late is not before early; strictly, that it is after.
type order struct {
	late, early string
	strict      bool
}

// shapes reads shapes.txt. A fault in it is a fault of the program.
func shapes() map[string]*shape {
	all := map[string]*shape{}
	var now *shape
	for n, line := range strings.Split(shapesText, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
		case words[0][0] == '[':
			now = &shape{name: words[0][1:], family: strings.TrimSuffix(words[1], "]"), fields: map[string]field{}}
			all[now.name] = now
		case words[0] == "any":
			now.any = append(now.any, words[1:])
		case words[0] == "same":
			now.same = append(now.same, [2]string{words[1], words[2]})
		case words[0] == "order":
			now.order = append(now.order, order{late: words[1], early: words[3], strict: words[2] == ">"})
		case len(words) == 2:
			name, f := parseField(words[0], words[1])
			now.fields[name] = f
			if f.need {
				now.needs = append(now.needs, name)
			}
		default:
			panic(fmt.Sprintf("stix: shapes.txt, line %d: %s", n+1, line))
		}
	}
	for _, s := range all {
		switch s.family {
		case "sdo", "sro":
			s.inherit(all["core"])
		case "sco":
			s.inherit(all["observable"])
		}
	}
	return all
}

func parseField(name, form string) (string, field) {
	var f field
	if cut, ok := strings.CutSuffix(name, "!1"); ok {
		name, f.need, f.since = cut, true, true
	} else if cut, ok := strings.CutSuffix(name, "!"); ok {
		name, f.need = cut, true
	}
	form, rest, _ := strings.Cut(form, ":")
	if cut, ok := strings.CutSuffix(form, "[]"); ok {
		form, f.list = cut, true
	}
	if cut, ok := strings.CutSuffix(rest, "[]"); ok {
		rest, f.list = cut, true
	}
	f.form = form
	switch form {
	case "int", "num":
		least, most, _ := strings.Cut(rest, ":")
		var err error
		if f.least, err = strconv.ParseFloat(least, 64); err == nil {
			f.bound = true
		}
		if f.most, err = strconv.ParseFloat(most, 64); err == nil {
			f.upper = true
		}
	case "id", "notid", "word", "part":
		if rest != "" {
			f.words = strings.Split(rest, ",")
		}
	case "dict":
		if rest != "" {
			f.words = strings.Split(rest, "|")
		}
	}
	return name, f
}

// inherit adds what all objects of a family share.
func (s *shape) inherit(from *shape) {
	s.needs = append(append([]string{}, from.needs...), s.needs...)
	for name, f := range from.fields {
		if _, own := s.fields[name]; !own {
			s.fields[name] = f
		}
	}
	s.order = append(append([]order{}, from.order...), s.order...)
}
