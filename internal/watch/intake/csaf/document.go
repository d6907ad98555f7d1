package csaf

import "time"

// document is what the tests and the advisory need of a CSAF document, 2.0 and
// 2.1 alike.
type document struct {
	Head struct {
		Category   string `json:"category"`
		Version    string `json:"csaf_version"`
		Title      string `json:"title"`
		Lang       string `json:"lang"`
		SourceLang string `json:"source_lang"`
		Publisher  struct {
			Category  string `json:"category"`
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"publisher"`
		Severity *struct {
			Text string `json:"text"`
		} `json:"aggregate_severity"`
		Notes        []note        `json:"notes"`
		References   []reference   `json:"references"`
		Distribution *distribution `json:"distribution"`
		Tracking     tracking      `json:"tracking"`
	} `json:"document"`
	Tree *struct {
		Branches      []branch       `json:"branches"`
		Names         []product      `json:"full_product_names"`
		Groups        []group        `json:"product_groups"`
		Relationships []relationship `json:"relationships"`
		Paths         []productPath  `json:"product_paths"`
	} `json:"product_tree"`
	Vulnerabilities []vulnerability `json:"vulnerabilities"`

	root *node
	v21  bool

	products  []placed                     // every product that the tree defines, in its order
	members   map[string][]string          // of a group
	revisions []dated                      // in ascending order
	statuses  []map[string]map[string]bool // of each vulnerability: product → statuses
}

type note struct {
	Category string `json:"category"`
	Title    string `json:"title"`
	Text     string `json:"text"`
}

type reference struct {
	Category string `json:"category"`
	Summary  string `json:"summary"`
	URL      string `json:"url"`
}

type distribution struct {
	TLP *struct {
		Label string `json:"label"`
	} `json:"tlp"`
	Group *struct {
		ID   string  `json:"id"`
		Name *string `json:"name"`
	} `json:"sharing_group"`
}

type tracking struct {
	ID        string     `json:"id"`
	Version   string     `json:"version"`
	Status    string     `json:"status"`
	Current   string     `json:"current_release_date"`
	Initial   string     `json:"initial_release_date"`
	Aliases   []string   `json:"aliases"`
	Revisions []revision `json:"revision_history"`
}

type revision struct {
	Date    string `json:"date"`
	Number  string `json:"number"`
	Summary string `json:"summary"`
}

type branch struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Branches []branch `json:"branches"`
	Product  *product `json:"product"`
}

type product struct {
	Name   string  `json:"name"`
	ID     string  `json:"product_id"`
	Helper *helper `json:"product_identification_helper"`
}

type helper struct {
	CPE    string   `json:"cpe"`
	PURL   string   `json:"purl"`
	PURLs  []string `json:"purls"`
	Hashes []struct {
		Filename string `json:"filename"`
		Hashes   []struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"value"`
		} `json:"file_hashes"`
	} `json:"hashes"`
	Models  []string `json:"model_numbers"`
	Serials []string `json:"serial_numbers"`
	SKUs    []string `json:"skus"`
}

// all are the package URLs of either version.
func (h *helper) all() []string {
	if h == nil {
		return nil
	}
	if h.PURL != "" {
		return []string{h.PURL}
	}
	return h.PURLs
}

type group struct {
	ID       string   `json:"group_id"`
	Products []string `json:"product_ids"`
}

type relationship struct {
	Category string  `json:"category"`
	Product  product `json:"full_product_name"`
	Of       string  `json:"product_reference"`
	To       string  `json:"relates_to_product_reference"`
}

type productPath struct {
	Begin    string  `json:"beginning_product_reference"`
	Product  product `json:"full_product_name"`
	Subpaths []struct {
		Category string `json:"category"`
		Next     string `json:"next_product_reference"`
	} `json:"subpaths"`
}

type vulnerability struct {
	CVE          string              `json:"cve"`
	Title        string              `json:"title"`
	CWE          *cwe                `json:"cwe"`
	CWEs         []cwe               `json:"cwes"`
	Notes        []note              `json:"notes"`
	References   []reference         `json:"references"`
	IDs          []identifier        `json:"ids"`
	Status       map[string][]string `json:"product_status"`
	Scores       []score             `json:"scores"`
	Metrics      []metric            `json:"metrics"`
	Remediations []remediation       `json:"remediations"`
	Threats      []concern           `json:"threats"`
	Flags        []concern           `json:"flags"`
	Involvements []struct {
		concern
		Party string `json:"party"`
	} `json:"involvements"`
	Disclosed string `json:"disclosure_date"`
	Exploited []struct {
		concern
		At string `json:"exploitation_date"`
	} `json:"first_known_exploitation_dates"`
}

type cwe struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type identifier struct {
	concern
	System string `json:"system_name"`
	Text   string `json:"text"`
}

// concern is what says which products something is about.
type concern struct {
	Category string   `json:"category"`
	Label    string   `json:"label"`
	Details  string   `json:"details"`
	Date     string   `json:"date"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

type remediation struct {
	concern
	URL string `json:"url"`
}

type score struct {
	Products []string `json:"products"`
	V2       *cvssOf  `json:"cvss_v2"`
	V3       *cvssOf  `json:"cvss_v3"`
}

type metric struct {
	Products []string `json:"products"`
	Source   string   `json:"source"`
	Content  struct {
		V2       *cvssOf `json:"cvss_v2"`
		V3       *cvssOf `json:"cvss_v3"`
		V4       *cvssOf `json:"cvss_v4"`
		Severity string  `json:"qualitative_severity_rating"`
		EPSS     *struct {
			Percentile  string `json:"percentile"`
			Probability string `json:"probability"`
			Timestamp   string `json:"timestamp"`
		} `json:"epss"`
		SSVC *struct {
			Targets   []string `json:"target_ids"`
			Timestamp string   `json:"timestamp"`
		} `json:"ssvc_v2"`
	} `json:"content"`
}

type cvssOf struct {
	Version       string   `json:"version"`
	Vector        string   `json:"vectorString"`
	Base          float64  `json:"baseScore"`
	Environmental *float64 `json:"environmentalScore"`
}

// placed is a product with the place that defines it.
type placed struct {
	*product
	path       string
	categories []string // of the branches above it
	names      []string
	on         *relationship
	along      *productPath
}

// dated is a revision with its date as a time.
type dated struct {
	revision
	at    time.Time
	index int
}
