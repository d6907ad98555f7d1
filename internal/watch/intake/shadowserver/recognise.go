package shadowserver

import (
	"bytes"
	"slices"
	"strings"

	"tocsin/internal/watch/intake/row"
)

// TypeOfName reads the report type out of a file's name; prefixes, suffixes and
// several extensions do no harm. Of a path the last part that tells one counts:
// an archive's name may tell what its member's does not. The second result is
// false when the name tells nothing. A name in Shadowserver's form, date-type-…,
// may tell a type that the schema does not know.
func (s *Schema) TypeOfName(file string) (string, bool) {
	parts := strings.FieldsFunc(strings.ToLower(file), func(r rune) bool { return r == '/' || r == '\\' })
	for _, part := range slices.Backward(parts) {
		if name, ok := s.typeOfPart(part); ok {
			return name, true
		}
	}
	return "", false
}

func (s *Schema) typeOfPart(file string) (string, bool) {
	words := strings.FieldsFunc(file, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	})
	best := ""
	for _, w := range words {
		if _, ok := s.types[w]; ok && len(w) > len(best) {
			best = w
		}
	}
	if best != "" {
		return best, true
	}
	if t, ok := dated(words); ok {
		return t, true
	}
	for _, w := range words {
		for _, t := range s.order {
			name := t.Name
			if len(name) > len(best) && strings.Contains(name, "_") && strings.Contains("_"+w+"_", "_"+name+"_") {
				best = name
			}
		}
	}
	return best, best != ""
}

// dated finds the word after a date.
func dated(words []string) (string, bool) {
	number := func(w string, digits int) bool {
		return len(w) == digits && strings.Trim(w, "0123456789") == ""
	}
	for i := 0; i+3 < len(words); i++ {
		w := words[i+3]
		if number(words[i], 4) && number(words[i+1], 2) && number(words[i+2], 2) && w[0] >= 'a' && w[0] <= 'z' && w != "csv" {
			return w, true
		}
	}
	return "", false
}

// ofColumns is the type whose columns are most like a header's: the share of
// common columns among all of both, at least three fifths. Of equal ones the
// milder counts, then the shorter name: IPv4 before IPv6.
func (s *Schema) ofColumns(header []string) (*Type, bool) {
	have := map[string]bool{}
	for _, c := range header {
		have[c] = true
	}
	var best *Type
	score := 0.6
	for _, t := range s.order {
		common := 0
		for _, c := range t.Columns {
			if have[c] {
				common++
			}
		}
		likeness := float64(common) / float64(len(have)+len(t.Columns)-common)
		if likeness > score || likeness == score && (best == nil || before(t, best)) {
			best, score = t, likeness
		}
	}
	return best, best != nil
}

func before(a, b *Type) bool {
	if x, y := a.severity(), b.severity(); x != y {
		return x < y
	}
	return len(a.Name) < len(b.Name)
}

// severity is the type's default, else its kind's.
func (t *Type) severity() row.Severity {
	if t.Severity != row.NoSeverity {
		return t.Severity
	}
	return t.Kind.Severity()
}

// unknown makes a type of a name that the schema does not know: a sibling in the
// other address family where there is one, else the kind off the words of the
// name and the asset off the columns.
func (s *Schema) unknown(name string, header []string) *Type {
	for _, pair := range [][2]string{{"6_", "_"}, {"event6_", "event4_"}} {
		if t, ok := s.types[strings.Replace(name, pair[0], pair[1], 1)]; ok {
			like := *t
			like.Name, like.Known, like.Columns = name, false, nil
			return &like
		}
	}
	t := &Type{Name: name, Kind: kindOfName(name)}
	t.Classification = t.Kind.Classification()
	for _, text := range []string{
		"src_ip", "ip", "dst_ip", "domain:domain", "domain:hostname", "url:url", "email:email",
	} {
		a, _ := asset(text)
		if slices.Contains(header, a.column) {
			t.assets = append(t.assets, a)
		}
	}
	if len(t.assets) == 0 {
		t.assets = []step{{how: takeIP, column: "ip"}}
	}
	var order []how
	switch t.Kind {
	case row.ExposedService, row.Amplifier, row.VulnerableService, row.EndOfLife:
		order = []how{takeCVE, takeService, takeFamily}
	default:
		order = []how{takeFamily, takeCVE, takeService}
	}
	for _, h := range order {
		t.rules = append(t.rules, step{how: h})
	}
	t.rules = append(t.rules, step{how: takeText, text: strings.ReplaceAll(name, "_", "-")})
	return t
}

// kindOfName reads the kind off the words that Shadowserver names reports with.
func kindOfName(name string) row.Kind {
	for _, k := range []struct {
		word string
		kind row.Kind
	}{
		{"sinkhole", row.C2Contact},
		{"drone", row.C2Contact},
		{"botnet", row.C2Contact},
		{"brute", row.BruteForce},
		{"ddos_target", row.IDSAlert},
		{"honeypot", row.Scanning},
		{"darknet", row.Scanning},
		{"phish", row.Phishing},
		{"deface", row.Defacement},
		{"website", row.Defacement},
		{"webshell", row.Malware},
		{"account", row.LeakedAccount},
		{"credential", row.LeakedAccount},
		{"leak", row.DataLeak},
		{"ransomware", row.DataLeak},
		{"compromised", row.Malware},
		{"malware", row.Malware},
		{"infect", row.Malware},
		{"sandbox", row.Malware},
		{"cc_ip", row.Malware},
		{"c2", row.Malware},
		{"spam", row.Spam},
		{"blocklist", row.Spam},
		{"blacklist", row.Spam},
		{"vulnerable", row.VulnerableService},
		{"ssl_", row.VulnerableService},
		{"cve", row.VulnerableService},
		{"openresolver", row.Amplifier},
		{"amplif", row.Amplifier},
	} {
		if strings.Contains(name, k.word) {
			return k.kind
		}
	}
	return row.ExposedService
}

// Looks says whether a document of a name that begins with head is a report: its
// header has the columns of one, or the name tells a type and there is a header
// that begins as reports do.
func (s *Schema) Looks(name string, head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("\n"))
	var header []string
	for part := range strings.SplitSeq(string(line), ",") {
		header = append(header, strings.ToLower(strings.Trim(strings.TrimSpace(part), `"`)))
	}
	if !slices.Contains(header, "timestamp") || len(header) < 3 {
		return false
	}
	if _, ok := s.ofColumns(header); ok {
		return true
	}
	_, ok := s.TypeOfName(name)
	return ok
}
