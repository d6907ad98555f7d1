package sheet

import (
	"cmp"
	"slices"
)

// Order gives the sheets in the order in which they can be applied: by kind,
// and within organisations and systems what others name before those others,
// where no circle forbids it. Sheets that depend on nothing keep their order.
func Order(sheets []Sheet) []Sheet {
	out := slices.Clone(sheets)
	slices.SortStableFunc(out, func(a, b Sheet) int { return cmp.Compare(rank(a.Kind), rank(b.Kind)) })
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && out[j].Kind == out[i].Kind {
			j++
		}
		if j-i > 1 && (out[i].Kind == Organisations || out[i].Kind == Systems) {
			copy(out[i:j], providersFirst(slices.Clone(out[i:j])))
		}
		i = j
	}
	return out
}

func rank(k Kind) int {
	if i := slices.Index(Kinds(), k); i >= 0 {
		return i
	}
	return len(Kinds())
}

// providersFirst repeatedly takes the first sheet that needs nothing from the
// others left; in a circle it takes the first.
func providersFirst(left []Sheet) []Sheet {
	var out []Sheet
	for len(left) > 0 {
		next := max(0, slices.IndexFunc(left, func(s Sheet) bool { return !needs(s, left) }))
		out = append(out, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return out
}

func needs(s Sheet, others []Sheet) bool {
	own := map[string]bool{}
	eachName(s, func(code string) { own[code] = true }, func(string) {})
	wanted := map[string]bool{}
	eachName(s, func(string) {}, func(code string) {
		if !own[code] {
			wanted[code] = true
		}
	})
	found := false
	for _, o := range others {
		eachName(o, func(code string) { found = found || wanted[code] }, func(string) {})
	}
	return found
}

// eachName tells the codes that a sheet's rows give and those that they name.
func eachName(s Sheet, gives, names func(code string)) {
	for _, o := range s.Rows.Organisations {
		gives(o.Code)
		if o.Parent != "" {
			names(o.Parent)
		}
	}
	for _, x := range s.Rows.Systems {
		gives(x.Code)
		for _, on := range x.DependsOn {
			names(on)
		}
	}
}
