package bulletin

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/intel"
)

// An ID is a bulletin's number in the database; a draft has no other.
type ID int64

// String is the id as people and programs outside write it: "B4".
func (id ID) String() string { return "B" + strconv.FormatInt(int64(id), 10) }

// Subject is the id as the journal writes it: "bulletin:B4".
func (id ID) Subject() string { return "bulletin:" + id.String() }

// A Wording is what a bulletin says in one language.
type Wording struct {
	Title   string `json:"title"`            // one line
	Summary string `json:"summary"`          // what is wrong, and whom it endangers
	Todo    string `json:"todo"`             // what to do, a line a step
	Change  string `json:"change,omitempty"` // of a revision: what is new in it
}

// A Product is a product that a bulletin speaks of.
type Product struct {
	Vendor   string `json:"vendor"`
	Name     string `json:"name"`
	Versions string `json:"versions,omitempty"` // "< 3.2", ">= 1.0, < 1.4", "2.1; 2.2"; "" is all
	Fixed    string `json:"fixed,omitempty"`    // the version that mends it
	CPE      string `json:"cpe,omitempty"`      // CPE 2.3
	PURL     string `json:"purl,omitempty"`     // package URL
}

// An Audience is for whom a bulletin is. Of its classes all that are not empty
// must hold: wards of the tier city.
type Audience struct {
	Concerned     bool     `json:"concerned"`               // those that have one of the products
	Kinds         []string `json:"kinds,omitempty"`         // of organisations
	Tiers         []string `json:"tiers,omitempty"`         //
	Sectors       []string `json:"sectors,omitempty"`       //
	Organisations []string `json:"organisations,omitempty"` // these, by code
	Public        bool     `json:"public"`                  // and everybody, on the pages without signing in
}

// class says whether the audience names a class.
func (a Audience) class() bool { return len(a.Kinds)+len(a.Tiers)+len(a.Sectors) > 0 }

// A Content is what is written and approved.
type Content struct {
	TLP        tlp.Marking  `json:"tlp"`
	Severity   row.Severity `json:"severity"`
	VI         Wording      `json:"vi"`
	EN         Wording      `json:"en"`
	Products   []Product    `json:"products"`
	CVEs       []string     `json:"cves"`
	References []string     `json:"references"`
	From       []string     `json:"from"` // the advisories it is written from: "A7"
	Audience   Audience     `json:"audience"`
}

// In is the wording in a language.
func (c *Content) In(lang string) Wording {
	if lang == "en" {
		return c.EN
	}
	return c.VI
}

// A Bulletin is one advisory of the centre's with its life. Content is that of
// the revision in hand; what went out is an Issue.
type Bulletin struct {
	ID        ID
	Number    string // "TT-2026-001", given at the first publication; "" before
	State     State
	Revision  int64 // in hand, from 1
	Standing  int64 // the revision that is out, 0 for none
	Version   int64 // counts every change
	Content   Content
	Authors   []string // who wrote the revision in hand, each once
	Public    bool     // the standing revision is for everybody
	Reason    string   // why it was returned or withdrawn last
	Created   time.Time
	CreatedBy string
	Changed   time.Time
	Submitted time.Time // the revision in hand
	By        By
	Published time.Time // the standing revision
	First     time.Time // the first publication
	Withdrawn time.Time
}

// By says who did what to the revision in hand.
type By struct {
	Submitted, Approved, Published, Withdrawn string
}

// Name is the number, or the id of what has none yet.
func (b *Bulletin) Name() string {
	if b.Number != "" {
		return b.Number
	}
	return b.ID.String()
}

// numberOf is the nth number of a year. Pattern has {year} and {n}.
func numberOf(pattern string, year int, n int64) string {
	return strings.NewReplacer("{year}", strconv.Itoa(year), "{n}", fmt.Sprintf("%03d", n)).Replace(pattern)
}

// DefaultPattern is how the centre numbers its bulletins.
const DefaultPattern = "TT-{year}-{n}"

// limits of a text, in characters.
const (
	maxTitle    = 300
	maxText     = 20_000
	maxProducts = 200
	maxLines    = 200
)

// tidy trims, sorts what has no order of its own, and drops what is empty.
func (c *Content) tidy() {
	for _, w := range []*Wording{&c.VI, &c.EN} {
		w.Title = strings.Join(strings.Fields(w.Title), " ")
		w.Summary, w.Todo, w.Change = plainText(w.Summary), plainText(w.Todo), plainText(w.Change)
	}
	for i := range c.Products {
		p := &c.Products[i]
		for _, s := range []*string{&p.Vendor, &p.Name, &p.Versions, &p.Fixed, &p.CPE, &p.PURL} {
			*s = strings.Join(strings.Fields(*s), " ")
		}
	}
	for i, cve := range c.CVEs {
		c.CVEs[i] = strings.ToUpper(strings.TrimSpace(cve))
	}
	lines := func(list []string, sorted bool) []string {
		out := make([]string, 0, len(list))
		for _, s := range list {
			if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		if sorted {
			slices.Sort(out)
		}
		return out
	}
	c.CVEs, c.References, c.From = lines(c.CVEs, true), lines(c.References, false), lines(c.From, false)
	a := &c.Audience
	a.Kinds, a.Tiers, a.Sectors, a.Organisations = lines(a.Kinds, true), lines(a.Tiers, true), lines(a.Sectors, true), lines(a.Organisations, true)
	if c.Products == nil {
		c.Products = []Product{}
	}
}

func plainText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r\n", "\n")
	return strings.TrimSpace(strings.ReplaceAll(s, "\x00", ""))
}

// wrong says what can be written down at all: lengths, and what has a form.
func (c *Content) wrong() (places []errs.Place) {
	bad := func(field, reason string) { places = append(places, errs.Place{Field: field, Reason: reason}) }
	for lang, w := range map[string]Wording{"vi": c.VI, "en": c.EN} {
		if utf8.RuneCountInString(w.Title) > maxTitle {
			bad("title_"+lang, "the title is too long")
		}
		for field, text := range map[string]string{"summary_": w.Summary, "todo_": w.Todo, "change_": w.Change} {
			if utf8.RuneCountInString(text) > maxText {
				bad(field+lang, "the text is too long")
			}
		}
	}
	cve := regexp.MustCompile(`^CVE-\d{4}-\d{4,}$`)
	for _, x := range c.CVEs {
		if !cve.MatchString(x) {
			bad("cves", "not a CVE: "+x)
		}
	}
	for _, x := range c.References {
		if u, err := url.Parse(x); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			bad("references", "not an address of the web: "+x)
		}
	}
	for _, x := range c.From {
		if _, err := intel.ParseAdvisory(x); err != nil {
			bad("from", "not an advisory's id: "+x)
		}
	}
	if len(c.Products) > maxProducts {
		bad("products", "too many products")
	}
	if len(c.CVEs) > maxLines || len(c.References) > maxLines || len(c.From) > maxLines {
		bad("cves", "too many lines")
	}
	for _, p := range c.Products {
		if p.Name == "" {
			bad("products", "a product has a name")
		}
		if p.CPE != "" && !validCPE(p.CPE) {
			bad("products", "not a CPE: "+p.CPE)
		}
		if p.PURL != "" && advisory.CheckPURL(p.PURL) != nil {
			bad("products", "not a package URL: "+p.PURL)
		}
	}
	slices.SortFunc(places, func(a, b errs.Place) int { return strings.Compare(a.Field+a.Reason, b.Field+b.Reason) })
	return places
}

// lacks says what a text that goes to a second person must have. grammar reads
// what is written of versions.
func (c *Content) lacks(grammar *advisory.Grammar, revision int64) (places []errs.Place) {
	bad := func(field, reason string) { places = append(places, errs.Place{Field: field, Reason: reason}) }
	for _, lang := range []string{"vi", "en"} {
		w := c.In(lang)
		for field, text := range map[string]string{"title_": w.Title, "summary_": w.Summary, "todo_": w.Todo} {
			if text == "" {
				bad(field+lang, "it is written in both languages")
			}
		}
		if revision > 1 && w.Change == "" {
			bad("change_"+lang, "a revision says what is new in it")
		}
	}
	if c.Severity == row.NoSeverity {
		bad("severity", "say how grave it is")
	}
	a := c.Audience
	switch {
	case !a.Concerned && !a.Public && !a.class() && len(a.Organisations) == 0:
		bad("audience", "say for whom it is")
	case a.Public && c.TLP != tlp.Clear:
		bad("tlp", "only what is TLP:CLEAR is for everybody")
	case a.Concerned && len(c.Products) == 0 && len(c.From) == 0:
		bad("products", "whom it concerns is known by its products")
	}
	for _, p := range c.Products {
		for _, r := range grammar.Ranges(p.Versions, p.Name) {
			if r.Unclear {
				bad("products", "the versions cannot be read: "+p.Versions)
			}
		}
		if p.Vendor == "" {
			bad("products", "a product has a vendor: "+p.Name)
		}
	}
	slices.SortFunc(places, func(a, b errs.Place) int { return strings.Compare(a.Field+a.Reason, b.Field+b.Reason) })
	return places
}

// advisory is the content as the matching reads it.
func (c *Content) advisory(grammar *advisory.Grammar) *advisory.Advisory {
	a := &advisory.Advisory{ID: "bulletin", Title: c.EN.Title, CVEs: c.CVEs}
	for _, p := range c.Products {
		a.Products = append(a.Products, advisory.Product{
			Vendor: p.Vendor, Name: p.Name, CPE: p.CPE, PURL: p.PURL, CVEs: c.CVEs, Status: advisory.Affected, Ranges: grammar.Ranges(p.Versions, p.Name),
		})
	}
	return a
}

// validCPE says whether a text is a CPE 2.3 formatted string.
func validCPE(s string) bool {
	_, ok := advisory.CPE(s)
	return ok
}
