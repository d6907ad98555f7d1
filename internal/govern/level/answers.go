package level

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/regime"
)

// Answers are what is known of a system: by the question's code one option, any
// options, or a number in digits. A question that is not there is not answered.
type Answers map[string][]string

// A System is what a level is asked for. One with parts has their highest level;
// answers of its own count as one more part.
type System struct {
	Name    string   `json:"name"`
	Answers Answers  `json:"answers"`
	Parts   []System `json:"parts"`
}

// UnmarshalJSON reads {"kind": ["service"], "secrecy": "none", "users": 12000}.
func (a *Answers) UnmarshalJSON(raw []byte) error {
	var loose map[string]any
	if err := json.Unmarshal(raw, &loose); err != nil {
		return err
	}
	read, err := Read(loose)
	*a = read
	return err
}

// Read takes answers as JSON writes them: texts, numbers, truths and lists. What
// is none of these is Invalid, with the question as its place.
func Read(loose map[string]any) (Answers, error) {
	a := Answers{}
	for code, v := range loose {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, item := range list {
			text, ok := word(item)
			if !ok {
				return nil, wrong(code, "an answer is a word, a number or a list of words")
			}
			if text != "" {
				a[code] = append(a[code], text)
			}
		}
	}
	return a, nil
}

func word(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), true
	case bool:
		if v {
			return "yes", true
		}
		return "no", true
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1e15 {
			return "", false
		}
		return strconv.FormatInt(int64(v), 10), true
	case nil:
		return "", true
	}
	return "", false
}

func wrong(field, format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	return errs.At(errs.Invalid, []errs.Place{{Field: field, Reason: reason}}, "%s: %s", field, reason)
}

// Check says what is wrong with a system's answers: an unknown question or
// option, two answers where one is asked for, no number, a required question
// without an answer. The error is Invalid with a place for each.
func Check(questions []regime.Question, s System) error {
	places := check(questions, s, "")
	if len(places) == 0 {
		return nil
	}
	return errs.At(errs.Invalid, places, "answers about %q: %s: %s", s.Name, places[0].Field, places[0].Reason)
}

func check(questions []regime.Question, s System, where string) []errs.Place {
	var places []errs.Place
	say := func(code, reason string) {
		places = append(places, errs.Place{Field: where + "answers." + code, Reason: reason})
	}
	for _, code := range sorted(s.Answers) {
		i := slices.IndexFunc(questions, func(q regime.Question) bool { return q.Code == code })
		if i < 0 {
			say(code, "no such question")
		} else if reason := amiss(questions[i], s.Answers[code]); reason != "" {
			say(code, reason)
		}
	}
	if len(s.Parts) == 0 || len(s.Answers) > 0 {
		for _, q := range questions {
			if q.Required && len(s.Answers[q.Code]) == 0 {
				say(q.Code, "this must be answered")
			}
		}
	}
	for i, part := range s.Parts {
		at := where + "parts[" + strconv.Itoa(i) + "]."
		if len(part.Parts) > 0 {
			places = append(places, errs.Place{Field: at + "parts", Reason: "a part has no parts of its own"})
			continue
		}
		places = append(places, check(questions, part, at)...)
	}
	return places
}

func amiss(q regime.Question, given []string) string {
	if len(given) > 1 && q.Kind != regime.Many {
		return "give one answer"
	}
	for _, g := range given {
		if q.Kind == regime.Number {
			if n, err := strconv.ParseInt(g, 10, 64); err != nil || n < 0 {
				return "give a whole number, 0 or more"
			}
		} else if q.Place(g) < 0 {
			return "no option " + strconv.Quote(g)
		}
	}
	return ""
}

func sorted(a Answers) []string {
	codes := make([]string, 0, len(a))
	for code := range a {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// with is the answers with another one to a question.
func (a Answers) with(code string, given []string) Answers {
	other := Answers{}
	maps.Copy(other, a)
	if len(given) == 0 {
		delete(other, code)
	} else {
		other[code] = given
	}
	return other
}
