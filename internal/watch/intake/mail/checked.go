package mail

import (
	"slices"
	"strings"
)

// Checked is what the receiving server found of a message's sender (RFC 8601):
// results in its words (pass, fail, softfail, none, …), "" for what it did not
// look at.
type Checked struct {
	By    string // the server that says so; "" when none that is trusted did
	From  string // the domain that DMARC was asked of
	SPF   string
	DKIM  string // pass when any signature passes, else the first result
	DMARC string
}

// Checked are the results of the servers in trusted, by the names they put into
// Authentication-Results. Only the topmost field of such a name counts: servers
// write above what has come, so one further down may have come with the message
// (RFC 8601 §5).
func (h Head) Checked(trusted []string) (c Checked) {
	for _, text := range h.results {
		parts := strings.Split(uncommented(text), ";")
		words := strings.Fields(parts[0])
		if len(words) == 0 || !slices.ContainsFunc(trusted, func(t string) bool { return strings.EqualFold(t, words[0]) }) {
			continue
		}
		c.By = strings.ToLower(words[0])
		for _, part := range parts[1:] {
			c.result(strings.Fields(part))
		}
		return c
	}
	return c
}

// result reads "dmarc=fail header.from=a.example".
func (c *Checked) result(words []string) {
	if len(words) == 0 {
		return
	}
	method, result, _ := strings.Cut(strings.ToLower(words[0]), "=")
	method, _, _ = strings.Cut(method, "/") // its version
	switch method {
	case "spf":
		if c.SPF == "" {
			c.SPF = result
		}
	case "dkim":
		if c.DKIM == "" || result == "pass" {
			c.DKIM = result
		}
	case "dmarc":
		if c.DMARC != "" {
			return
		}
		c.DMARC = result
		for _, w := range words[1:] {
			if from, ok := strings.CutPrefix(strings.ToLower(w), "header.from="); ok {
				c.From = from[strings.LastIndexByte(from, '@')+1:]
			}
		}
	}
}

// A Policy says whose mail is taken without asking a person.
type Policy struct {
	Trusted []string // servers whose Authentication-Results count; none: nobody checks
	Senders []string // addresses, or domains with all their addresses; none: anybody
}

// A Verdict is what Judge finds.
type Verdict string

// The verdicts.
const (
	Genuine   Verdict = "genuine"   // a trusted server vouches for the sender
	Unchecked Verdict = "unchecked" // nobody was asked to check
	Unproven  Verdict = "unproven"  // a trusted server could say neither yes nor no, or said nothing
	Spoofed   Verdict = "spoofed"   // a trusted server says that the sender is not who it says
	Stranger  Verdict = "stranger"  // not one of the senders that the source has
)

// Held says whether a message with the verdict waits for a person.
func (v Verdict) Held() bool { return v != Genuine && v != Unchecked }

// Judge decides about a message by its head alone. A message of several senders,
// or of none, is a stranger's where senders are listed. With a trusted server
// the sender must be proven: DMARC passes for the sender's own domain, or, of a
// domain that has no DMARC policy, nothing is said for it and the message is
// unproven.
func Judge(h Head, p Policy) (Verdict, Checked) {
	c := h.Checked(p.Trusted)
	domain := h.From[strings.LastIndexByte(h.From, '@')+1:]
	switch {
	case c.DMARC == "fail":
		return Spoofed, c
	case c.DMARC == "pass" && c.From != "" && c.From != domain:
		return Spoofed, c // it vouches for another
	case len(p.Senders) > 0 && !slices.ContainsFunc(p.Senders, func(s string) bool {
		s = strings.ToLower(strings.TrimPrefix(s, "@"))
		return h.From != "" && (s == h.From || s == domain)
	}):
		return Stranger, c
	case len(p.Trusted) == 0:
		return Unchecked, c
	case c.DMARC == "pass" && h.From != "":
		return Genuine, c
	}
	return Unproven, c
}
