package sheet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// refuseTwins refuses, within one file, the later of two rows with the same
// key, and takes it out of the rows.
func refuseTwins(sheets []Sheet) {
	for _, k := range Kinds() {
		first := map[string]int{}
		for i := range sheets {
			if sheets[i].Kind == k {
				sheets[i].dropTwins(first)
			}
		}
	}
	for i := range sheets {
		slices.SortStableFunc(sheets[i].Refused, func(a, b Refusal) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	}
}

func (s *Sheet) dropTwins(first map[string]int) {
	twin := func(line int, field string, key ...string) bool {
		joined := strings.Join(key, "\x00")
		earlier, met := first[joined]
		if !met {
			first[joined] = line
			return false
		}
		s.Refused = append(s.Refused, refusal(line, slices.Index(columnNames(s.Kind), field)+1, "",
			"sheet.row.twice", "key", keyText(key), "first", strconv.Itoa(earlier), "second", strconv.Itoa(line)))
		return true
	}
	r := &s.Rows
	r.Organisations = slices.DeleteFunc(r.Organisations, func(o Organisation) bool {
		return twin(o.Line, "code", o.Code)
	})
	r.Successions = slices.DeleteFunc(r.Successions, func(x Succession) bool {
		return twin(x.Line, "from", x.From, x.To, x.Date)
	})
	r.Systems = slices.DeleteFunc(r.Systems, func(x System) bool {
		return twin(x.Line, "code", x.Code)
	})
	r.Contacts = slices.DeleteFunc(r.Contacts, func(c Contact) bool {
		return twin(c.Line, "email", c.Organisation, strings.ToLower(c.Email))
	})
	r.Addresses = slices.DeleteFunc(r.Addresses, func(a Address) bool {
		return twin(a.Line, "value", a.Organisation, cmp.Or(a.Realm, PublicRealm), a.Kind, a.Value, a.ValidFrom)
	})
	r.Endpoints = slices.DeleteFunc(r.Endpoints, func(e Endpoint) bool {
		return twin(e.Line, "hostname", e.Organisation, strings.ToLower(e.Hostname))
	})
	r.Software = slices.DeleteFunc(r.Software, func(x SoftwareLine) bool {
		return twin(x.Line, "product", x.Organisation, strings.ToLower(x.Hostname), x.Vendor, x.Product)
	})
}

func keyText(key []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(key), func(s string) bool { return s == "" }), " + ")
}
