package level

import (
	"slices"
	"strconv"

	"tocsin/internal/city/regime"
)

// alternatives are the single other answers that would give another level, in
// the order of the questionnaire. Of several answers to a question that lead to
// the same level the one nearest to what was answered stands for all.
func (l Law) alternatives(s System, now int) []Alternative {
	var all []Alternative
	if len(s.Parts) == 0 || len(s.Answers) > 0 {
		all = l.alternativesOf(s.Answers, now, "", func(a Answers) int {
			other := s
			other.Answers = a
			return l.judge(other).Level
		})
	}
	for i, part := range s.Parts {
		all = append(all, l.alternativesOf(part.Answers, now, part.Name, func(a Answers) int {
			other := s
			other.Parts = slices.Clone(s.Parts)
			other.Parts[i].Answers = a
			return l.judge(other).Level
		})...)
	}
	return all
}

func (l Law) alternativesOf(a Answers, now int, part string, levelOf func(Answers) int) []Alternative {
	var all []Alternative
	for _, q := range l.Questions {
		if q.Role == "definition" || !l.Asks(q, a) {
			continue
		}
		from := given(q, a)
		seen := map[int]bool{now: true, 0: true} // No level at all is no answer to strive for.
		for _, to := range l.others(q, from) {
			level := levelOf(a.with(q.Code, to))
			if !seen[level] {
				seen[level] = true
				all = append(all, Alternative{Question: q, From: from, To: to, Level: level, Part: part})
			}
		}
	}
	return all
}

// others are the answers near to one, the nearest first: each other option of
// one; of many one option more or less; of a number both sides of each threshold
// of the law.
func (l Law) others(q regime.Question, from []string) [][]string {
	var all [][]string
	switch q.Kind {
	case regime.One:
		here := q.Place(from[0])
		for step := 1; step < len(q.Options); step++ {
			for _, at := range []int{here - step, here + step} {
				if at >= 0 && at < len(q.Options) {
					all = append(all, []string{q.Options[at].Code})
				}
			}
		}
	case regime.Many:
		for _, o := range q.Options {
			if i := slices.Index(from, o.Code); i < 0 {
				all = append(all, append(slices.Clone(from), o.Code))
			} else if len(from) > 1 {
				all = append(all, slices.Delete(slices.Clone(from), i, i+1))
			}
		}
		// Only one option instead of those that were given.
		for _, o := range q.Options {
			if !slices.Contains(from, o.Code) {
				all = append(all, []string{o.Code})
			}
		}
	case regime.Number:
		n, _ := strconv.ParseInt(from[0], 10, 64) // Check has read it.
		for _, t := range l.thresholds(q.Code) {
			if n < t {
				all = append(all, []string{strconv.FormatInt(t, 10)})
			} else {
				all = append(all, []string{strconv.FormatInt(t-1, 10)})
			}
		}
	}
	return all
}

// thresholds are the numbers at which a criterion begins or ceases to hold.
func (l Law) thresholds(code string) []int64 {
	var all []int64
	for _, c := range l.Criteria {
		for _, when := range c.When {
			for _, t := range []*int64{when[code].From, when[code].Below} {
				if t != nil && *t > 0 && !slices.Contains(all, *t) {
					all = append(all, *t)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
