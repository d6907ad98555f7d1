package propose

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/watch/intake/row"
)

// Fields are the fields of a mapping that are proposed, in the order in which
// people look at them.
func Fields() []string {
	return []string{"at", "ip", "domain", "url", "email", "hostname", "port", "protocol", "kind", "discriminator", "severity", "asn", "confidence"}
}

// A Choice says which column each field is, "" none, and how times are written.
type Choice struct {
	Columns map[string]string
	Layout  string // of the time; "" is told by itself
	Zone    string // of times that name none; "" is the source's
}

// names are the words by which a column of a field is called, without tone
// marks; the whole name first, then a part of it.
func names(field string) []string {
	return map[string][]string{
		"at":            {"timestamp", "time", "date", "datetime", "seen", "last_seen", "first_seen", "detected", "observed", "thoi gian", "thoi diem", "ngay", "gio"},
		"ip":            {"ip", "src_ip", "source_ip", "ip_address", "ipaddress", "address", "dia chi ip", "dia chi"},
		"domain":        {"domain", "fqdn", "ten mien"},
		"url":           {"url", "uri", "link", "duong dan"},
		"email":         {"email", "mail", "account", "thu dien tu"},
		"hostname":      {"hostname", "rdns", "ptr", "ten may"},
		"port":          {"port", "src_port", "dst_port", "service_port", "cong"},
		"protocol":      {"protocol", "proto", "giao thuc"},
		"kind":          {"kind", "category", "type", "loai"},
		"discriminator": {"family", "malware", "infection", "tag", "threat", "cve", "signature", "ma doc", "ho ma doc"},
		"severity":      {"severity", "priority", "risk", "muc do"},
		"asn":           {"asn", "as", "as_number"},
		"confidence":    {"confidence", "score", "do tin cay"},
	}[field]
}

// Propose guesses what the columns of a sample are. A column stands for one
// field at most. A column's content can refute its name, and tell what no name
// does.
func Propose(s Sample) Choice {
	c := Choice{Columns: map[string]string{}}
	taken := map[string]bool{}
	best := func(field string, score func(Column) int) {
		at, most := -1, 0
		for i, col := range s.Columns {
			if n := score(col); !taken[col.Name] && n > most {
				at, most = i, n
			}
		}
		if at >= 0 {
			c.Columns[field] = s.Columns[at].Name
			taken[s.Columns[at].Name] = true
		}
	}
	for _, field := range Fields() {
		best(field, func(col Column) int { return score(field, col) })
	}
	if name := c.Columns["at"]; name != "" {
		c.Layout, _ = layoutOf(s.column(name))
	}
	return c
}

func (s Sample) column(name string) Column {
	for _, c := range s.Columns {
		if c.Name == name {
			return c
		}
	}
	return Column{}
}

// score is how much a column looks like a field; 0 is not at all.
func score(field string, c Column) int {
	named := 0
	name := i18n.Fold(strings.TrimSpace(c.Name))
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	for i, word := range names(field) {
		switch {
		case name == word:
			named = max(named, 100-i)
		case slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), word):
			named = max(named, 50-i)
		}
	}
	looks, told := holds(field, c)
	switch {
	case told && !looks:
		return 0
	case told && looks:
		return 200 + named
	}
	return named
}

// holds says whether most values of a column are of a field, and whether their
// looks tell that at all.
func holds(field string, c Column) (looks, told bool) {
	var fits func(v string) bool
	switch field {
	case "at":
		_, ok := layoutOf(c)
		return ok, true
	case "ip":
		fits = func(v string) bool {
			_, err := netip.ParseAddr(row.Refang(v))
			if err != nil {
				_, err = netip.ParsePrefix(row.Refang(v))
			}
			return err == nil
		}
	case "url":
		fits = func(v string) bool { _, err := row.URL(row.Refang(v)); return err == nil }
	case "domain":
		fits = func(v string) bool {
			d := row.Refang(v)
			_, err := row.Domain(d)
			_, ip := netip.ParseAddr(d)
			return err == nil && ip != nil && strings.Contains(d, ".") && strings.ContainsFunc(d, func(r rune) bool { return r >= 'a' && r <= 'z' })
		}
	case "email":
		fits = func(v string) bool { _, err := row.MailDomain(v); return err == nil && strings.Contains(v, "@") }
	case "severity":
		// Its name must say so too: "high" may be anything.
		if len(severityWords(c)) > 0 && isNamed(field, c) {
			return true, true
		}
		return false, true
	case "kind":
		fits = func(v string) bool { _, err := row.ParseKind(strings.ToLower(v)); return err == nil }
	default:
		return false, false
	}
	n, good := 0, 0
	for _, v := range c.Values {
		if v == "" {
			continue
		}
		n++
		if fits(v) {
			good++
		}
	}
	// A column with some strange values is told by its name.
	looks = n > 0 && good*5 >= n*4
	return looks, looks || good*2 < n
}

func isNamed(field string, c Column) bool {
	name := i18n.Fold(c.Name)
	return slices.ContainsFunc(names(field), func(w string) bool { return strings.Contains(name, w) })
}

// layouts are how people write times; the form that row.Instant reads comes
// first, and the day before the month, as here.
func layouts() []string {
	return []string{
		"", "02/01/2006 15:04:05", "02/01/2006 15:04", "2/1/2006 15:04:05", "2/1/2006 15:04", "15:04 02/01/2006", "15:04:05 02/01/2006", "02-01-2006 15:04:05", "02-01-2006 15:04",
		"02.01.2006 15:04", "02/01/2006", "2/1/2006", "02-01-2006", "01/02/2006 15:04:05", "01/02/2006 15:04", "01/02/2006", "20060102150405", "20060102", "unix", "unixms",
		time.RFC1123Z, time.RFC1123, "Jan 2, 2006 15:04:05",
	}
}

// layoutOf is the layout that reads every value of a column.
func layoutOf(c Column) (layout string, ok bool) {
	values := c.First(looked)
	if len(values) == 0 {
		return "", false
	}
	// A run of small numbers is a count, not a time.
	for _, l := range layouts() {
		if !slices.ContainsFunc(values, func(v string) bool { return !reads(l, v) }) {
			return l, true
		}
	}
	return "", false
}

func reads(layout, v string) bool {
	var t time.Time
	var err error
	switch layout {
	case "":
		if strings.Trim(v, "0123456789") == "" {
			return false // that is told by unix, or by no time
		}
		t, err = row.Instant([]byte(v), time.UTC)
	case "unix", "unixms":
		if len(v) != map[string]int{"unix": 10, "unixms": 13}[layout] || strings.Trim(v, "0123456789") != "" {
			return false
		}
		return true
	default:
		t, err = time.ParseInLocation(layout, v, time.UTC)
	}
	return err == nil && row.Plausible(t)
}

// severityWords are the words of a column that are severities by another name,
// each with ours; none where a value is no severity.
func severityWords(c Column) map[string]string {
	known := map[string]string{
		"critical": "critical", "nghiem trong": "critical", "rat cao": "critical", "khan cap": "critical",
		"high": "high", "cao": "high", "medium": "medium", "moderate": "medium", "trung binh": "medium", "vua": "medium",
		"low": "low", "thap": "low", "info": "info", "informational": "info", "thong tin": "info",
	}
	out := map[string]string{}
	for _, v := range c.First(looked) {
		word, ok := known[i18n.Fold(v)]
		if !ok {
			return nil
		}
		out[v] = word
	}
	return out
}

// Mapping writes a choice as the mapping of a source. Errors are those of
// csvmap.ParseMapping.
func (s Sample) Mapping(c Choice) (string, error) {
	type field struct {
		Column  string            `json:"column"`
		Values  map[string]string `json:"values,omitempty"`
		Layouts []string          `json:"layouts,omitempty"`
		Zone    string            `json:"zone,omitempty"`
	}
	out := struct {
		Delimiter string           `json:"delimiter,omitempty"`
		Path      string           `json:"path,omitempty"`
		Fields    map[string]field `json:"fields"`
	}{Path: s.Path, Fields: map[string]field{}}
	if !s.JSON {
		out.Delimiter = map[byte]string{'\t': "tab"}[s.Delimiter]
		if out.Delimiter == "" {
			out.Delimiter = string(rune(s.Delimiter))
		}
	}
	for _, name := range Fields() {
		column := c.Columns[name]
		if column == "" {
			continue
		}
		if !slices.ContainsFunc(s.Columns, func(x Column) bool { return x.Name == column }) {
			return "", errs.At(errs.Invalid, []errs.Place{{Field: "field." + name, Reason: "the sample has no such column"}}, "map %s: the sample has no column %q", name, column)
		}
		f := field{Column: column}
		switch name {
		case "at":
			if c.Layout != "" {
				f.Layouts = []string{c.Layout}
			}
			f.Zone = c.Zone
		case "severity":
			for word, ours := range severityWords(s.column(column)) {
				if !strings.EqualFold(word, ours) {
					if f.Values == nil {
						f.Values = map[string]string{}
					}
					f.Values[word] = ours
				}
			}
		}
		out.Fields[name] = f
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return "", errs.New(errs.Internal, "write a mapping: %w", err)
	}
	_, err = mapped(string(text))
	return string(text), err
}
