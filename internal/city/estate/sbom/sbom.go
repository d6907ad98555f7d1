// Package sbom reads software bills of materials into lines of an inventory:
// CycloneDX as JSON and XML, SPDX 2 as JSON. It is pure.
//
// A component with a name is a line; its vendor is the supplier, the publisher or
// the group that the bill names. Assets that are no software (cryptographic
// ones, files without a version or an identifier) are left out and counted.
package sbom

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"

	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate/sheet"
)

// An Owner is whose software a bill lists, and where it runs. Hostname and System
// may be empty.
type Owner struct{ Organisation, Hostname, System string }

// A Bill is what a document lists.
type Bill struct {
	Format  string // "CycloneDX 1.4", "SPDX-2.3"
	Lines   []sheet.SoftwareLine
	LeftOut int // components that are no software, or have no name
}

// component is what both formats say of a piece of software.
type component struct {
	kind, vendor, name, version, cpe, purl string
}

// Looks says whether a file is a bill: its first bytes name one of the formats.
func Looks(data []byte) bool {
	head := data[:min(len(data), 4096)]
	return bytes.Contains(head, []byte(`"bomFormat"`)) || bytes.Contains(head, []byte(`"spdxVersion"`)) || bytes.Contains(head, []byte("cyclonedx.org/schema/bom"))
}

// Sheet is the bill as a file of an estate import.
func (b Bill) Sheet() []byte { return sheet.Write(sheet.Software, sheet.Rows{Software: b.Lines}) }

// Read reads a bill. What is none is errs.Invalid.
func Read(data []byte, o Owner) (Bill, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := bytes.TrimLeft(data, " \t\r\n")
	var (
		b   Bill
		all []component
		err error
	)
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		b.Format, all, err = readXML(text)
	case bytes.HasPrefix(text, []byte("{")):
		b.Format, all, err = readJSON(text)
	default:
		err = errs.New(errs.Invalid, "read bill of materials: neither JSON nor XML")
	}
	if err != nil {
		return b, err
	}
	b.lines(all, o)
	return b, nil
}

// lines makes lines of components. Two versions of one product on one machine are
// two lines: the second has its version in its name, for an inventory knows a
// product of a machine once.
func (b *Bill) lines(all []component, o Owner) {
	type key struct{ vendor, name string }
	seen := map[key]string{}
	for _, c := range all {
		c.vendor, c.name, c.version = tidy(c.vendor), tidy(c.name), tidy(c.version)
		switch {
		case c.name == "", c.kind == "cryptographic-asset", c.kind == "data", c.kind == "file" && c.version == "" && c.cpe == "" && c.purl == "":
			b.LeftOut++
			continue
		}
		if had, ok := seen[key{c.vendor, c.name}]; ok {
			if had == c.version {
				continue // the same component again, in another part of the bill
			}
			c.name += " (" + c.version + ")"
			if _, ok := seen[key{c.vendor, c.name}]; ok {
				continue
			}
		}
		seen[key{c.vendor, c.name}] = c.version
		vendor := c.vendor
		if vendor == "" {
			vendor = namespace(c.purl)
		}
		if vendor == "" {
			vendor = c.name
		}
		b.Lines = append(b.Lines, sheet.SoftwareLine{
			Organisation: o.Organisation, Vendor: vendor, Product: c.name, Version: c.version, CPE: c.cpe, PURL: c.purl,
			Hostname: o.Hostname, System: o.System,
		})
	}
}

func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// namespace is the namespace of a package URL, "" where it has none.
func namespace(purl string) string {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "@")
	parts := strings.Split(rest, "/")
	if len(parts) < 3 {
		return ""
	}
	return strings.ReplaceAll(parts[len(parts)-2], "%40", "@")
}

// jsonComponent is a component of CycloneDX as JSON.
type jsonComponent struct {
	Type       string                 `json:"type"`
	Group      string                 `json:"group"`
	Publisher  string                 `json:"publisher"`
	Name       string                 `json:"name"`
	Version    string                 `json:"version"`
	CPE        string                 `json:"cpe"`
	PURL       string                 `json:"purl"`
	Supplier   *struct{ Name string } `json:"supplier"`
	Components []jsonComponent        `json:"components"`
}

func (c jsonComponent) all(out []component) []component {
	vendor := c.Group
	if c.Supplier != nil && c.Supplier.Name != "" {
		vendor = c.Supplier.Name
	} else if c.Publisher != "" {
		vendor = c.Publisher
	}
	out = append(out, component{c.Type, vendor, c.Name, c.Version, c.CPE, c.PURL})
	for _, inner := range c.Components {
		out = inner.all(out)
	}
	return out
}

// spdxPackage is a package of SPDX 2 as JSON.
type spdxPackage struct {
	Name     string `json:"name"`
	Version  string `json:"versionInfo"`
	Supplier string `json:"supplier"`
	Refs     []struct {
		Type    string `json:"referenceType"`
		Locator string `json:"referenceLocator"`
	} `json:"externalRefs"`
}

func readJSON(data []byte) (string, []component, error) {
	var doc struct {
		Format     string          `json:"bomFormat"`
		Version    string          `json:"specVersion"`
		SPDX       string          `json:"spdxVersion"`
		Components []jsonComponent `json:"components"`
		Packages   []spdxPackage   `json:"packages"`
		Metadata   struct {
			Component *jsonComponent `json:"component"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", nil, errs.New(errs.Invalid, "read bill of materials: %w", err)
	}
	var all []component
	switch {
	case doc.Format == "CycloneDX":
		if c := doc.Metadata.Component; c != nil {
			all = c.all(all)
		}
		for _, c := range doc.Components {
			all = c.all(all)
		}
		return "CycloneDX " + doc.Version, all, nil
	case strings.HasPrefix(doc.SPDX, "SPDX-2"):
		for _, p := range doc.Packages {
			all = append(all, p.component())
		}
		return doc.SPDX, all, nil
	}
	return "", nil, errs.New(errs.Invalid, "read bill of materials: neither CycloneDX nor SPDX 2")
}

func (p spdxPackage) component() component {
	c := component{kind: "library", name: p.Name, version: p.Version}
	if vendor, ok := strings.CutPrefix(p.Supplier, "Organization:"); ok {
		c.vendor, _, _ = strings.Cut(vendor, "(") // what follows is a mail address in brackets
	}
	for _, r := range p.Refs {
		switch r.Type {
		case "purl":
			c.purl = r.Locator
		case "cpe23Type":
			c.cpe = r.Locator
		}
	}
	return c
}

// xmlComponent is a component of CycloneDX as XML.
type xmlComponent struct {
	Type       string         `xml:"type,attr"`
	Group      string         `xml:"group"`
	Publisher  string         `xml:"publisher"`
	Supplier   string         `xml:"supplier>name"`
	Name       string         `xml:"name"`
	Version    string         `xml:"version"`
	CPE        string         `xml:"cpe"`
	PURL       string         `xml:"purl"`
	Components []xmlComponent `xml:"components>component"`
}

func (c xmlComponent) all(out []component) []component {
	vendor := c.Group
	if c.Supplier != "" {
		vendor = c.Supplier
	} else if c.Publisher != "" {
		vendor = c.Publisher
	}
	out = append(out, component{c.Type, vendor, c.Name, c.Version, c.CPE, c.PURL})
	for _, inner := range c.Components {
		out = inner.all(out)
	}
	return out
}

func readXML(data []byte) (string, []component, error) {
	var doc struct {
		XMLName    xml.Name
		Component  *xmlComponent  `xml:"metadata>component"`
		Components []xmlComponent `xml:"components>component"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return "", nil, errs.New(errs.Invalid, "read bill of materials: %w", err)
	}
	version, ok := strings.CutPrefix(doc.XMLName.Space, "http://cyclonedx.org/schema/bom/")
	if doc.XMLName.Local != "bom" || !ok {
		return "", nil, errs.New(errs.Invalid, "read bill of materials: the XML is no CycloneDX")
	}
	var all []component
	if doc.Component != nil {
		all = doc.Component.all(all)
	}
	for _, c := range doc.Components {
		all = c.all(all)
	}
	return "CycloneDX " + version, all, nil
}
