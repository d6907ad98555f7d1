package product

import (
	"net/url"
	"strings"
)

// A purl is a package URL (the PURL specification) as far as it names a product:
// type, namespace and name in their normal form, and the version.
type purl struct{ product, version string }

// parsePURL reads pkg:type/namespace/name@version?qualifiers#subpath.
func parsePURL(s string) (purl, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "pkg:")
	if !ok {
		return purl{}, false
	}
	rest = strings.TrimLeft(rest, "/")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	var version string
	if i := strings.LastIndexByte(rest, '@'); i > 0 && i > strings.LastIndexByte(rest, '/') {
		rest, version = rest[:i], rest[i+1:]
	}
	kind, name, ok := strings.Cut(strings.Trim(rest, "/"), "/")
	name, err := url.PathUnescape(name)
	version, err2 := url.PathUnescape(version)
	if !ok || name == "" || kind == "" || err != nil || err2 != nil {
		return purl{}, false
	}
	return purl{product: packageKey(kind, name), version: version}, true
}

// packageKey is the normal form of a package's type and name.
func packageKey(kind, name string) string {
	kind = strings.ToLower(kind)
	switch kind {
	case "pypi":
		name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
	case "github", "bitbucket", "deb", "rpm", "composer", "hex", "golang", "apk", "npm":
		name = strings.ToLower(name)
	case "maven":
		name = strings.ReplaceAll(name, ":", "/")
	}
	return kind + "/" + name
}

// ecosystemKey is the package that OSV's ecosystem and name mean, "" for an
// ecosystem that has no type of package URL.
func ecosystemKey(ecosystem, name string) string {
	base, _, _ := strings.Cut(ecosystem, ":")
	var kind string
	switch strings.ToLower(base) {
	case "go":
		kind = "golang"
	case "npm", "pypi", "maven", "nuget", "hex", "pub":
		kind = strings.ToLower(base)
	case "crates.io":
		kind = "cargo"
	case "rubygems":
		kind = "gem"
	case "packagist":
		kind = "composer"
	case "debian", "ubuntu":
		kind, name = "deb", strings.ToLower(base)+"/"+name
	case "alpine":
		kind, name = "apk", "alpine/"+name
	case "red hat":
		kind, name = "rpm", "redhat/"+name
	case "rocky linux":
		kind, name = "rpm", "rocky-linux/"+name
	case "almalinux":
		kind, name = "rpm", "almalinux/"+name
	default:
		return ""
	}
	if name == "" {
		return ""
	}
	return packageKey(kind, name)
}
