// Package advisory holds what sources say about weaknesses of products, in one
// form whatever format it came in. It is pure.
package advisory

import "time"

// An Advisory is what a source says about a weakness of products: an entry of
// KEV, a CSAF document, a CVE or OSV record, a row of EPSS, the end of a
// product's support. Fields that a source does not state are zero; what several
// sources say of one CVE is joined later, by room intel.
type Advisory struct {
	ID        string   // the source's own id: CVE-2024-3400, ICSA-24-030-02, GO-2024-2453
	Revision  string   // as the source counts them
	CVEs      []string // canonical, sorted, without repetition
	Title     string   // one line
	Summary   string   // plain text
	Published time.Time
	Modified  time.Time
	Withdrawn bool // rejected or taken back

	Products []Product
	Scores   []Score

	KEV       *KEV       // it is in a catalogue of exploited weaknesses
	EPSS      *EPSS      // how likely it will be exploited
	Decision  *Decision  // decision points that the source states (SSVC)
	EndOfLife *EndOfLife // it is no weakness but the end of a product's support

	Weaknesses []string // CWE-79 …
	Remedies   []string // what to do, plain text
	References []string // never fetched
}

// A Product is one product of an advisory with the versions that it speaks of.
//
// An advisory may name a product several times, once a status. A version that a
// Fixed or NotAffected entry of the product holds is not affected by the same
// CVEs, whatever an Affected entry says: sources write "all but these" so.
type Product struct {
	Vendor    string // as the source writes it, "" is not stated
	Name      string // as the source writes it
	CPE       string // CPE 2.3 formatted string, "" is none
	PURL      string // package URL, "" is none
	CVEs      []string
	Status    Status
	Ranges    []Range // any of them; none means that the source names no version
	Ecosystem string  // OSV's word, "" is none
	On        string  // what it is installed on or a part of, "" is not stated
}

// A Status says what a source says of a product's versions. The set is closed.
type Status string

// The statuses, as CSAF and VEX have them.
const (
	Affected           Status = "affected"
	NotAffected        Status = "not_affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// A Range is a set of versions of one scheme. Exact is one version; else it is
// everything from From up to To. An empty end is open. "*" is no version: a
// source that means all gives a Range without ends. Of an Unclear one only Text
// says anything: the source names versions in words that ParseRanges does not
// understand, and which they are is for a person to read.
type Range struct {
	Scheme   string // semver, deb, rpm, python, maven, npm, go, generic …; "" is the general one
	Exact    string
	From, To string
	FromOut  bool   // From itself is outside
	ToIn     bool   // To itself is inside
	Text     string // as the source wrote it, where that is prose: "versions prior to 3.2"
	Unclear  bool   // Text could not be understood
}

// A Score is a CVSS score of a source for a CVE.
type Score struct {
	CVE     string
	Version string // 2.0, 3.0, 3.1, 4.0
	Vector  string
	Base    float64 // 0–10
	By      string  // who scored: NVD, the CNA, CISA-ADP
}

// KEV is an entry of a catalogue of known exploited vulnerabilities.
type KEV struct {
	Added      string // ISO date
	Due        string // ISO date, of those whom the catalogue binds
	Ransomware bool   // known to be used in ransomware campaigns
	Action     string
}

// EPSS is the likelihood of exploitation in the next 30 days (FIRST).
type EPSS struct {
	Score      float64 // 0–1
	Percentile float64 // 0–1
	Date       string  // ISO date of the model's run
}

// A Decision holds SSVC decision points in CISA's words; "" is not stated.
type Decision struct {
	Exploitation string // none, poc, active
	Automatable  string // no, yes
	Impact       string // partial, total
}

// EndOfLife is the end of the support of a product's release.
type EndOfLife struct {
	Release  string // the cycle: "7", "2012-r2"
	Label    string // as people call it, with its code name; "" is Release
	Ends     string // ISO date of the last security fix for everybody; "" while it is not known
	Ended    bool   // the source says so without a date
	Extended string // ISO date until which those who pay, or a long-term team, go on; "" is none
	Latest   string // newest version of the release
	Link     string
}
