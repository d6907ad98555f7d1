package version

import (
	"strings"

	"tocsin/internal/base/errs"
)

// A Scheme is a way to order versions. The set is closed.
type Scheme string

// The schemes.
const (
	Semver  Scheme = "semver" // npm and Go modules too
	Deb     Scheme = "deb"
	RPM     Scheme = "rpm"
	Python  Scheme = "python"
	Maven   Scheme = "maven"
	Generic Scheme = "generic"
	// Git names commits, which have no order without their repository: two are
	// equal or they are not to be compared.
	Git Scheme = "git"
)

// Schemes are all schemes.
func Schemes() []Scheme { return []Scheme{Semver, Deb, RPM, Python, Maven, Generic, Git} }

// SchemeOf reads the word of a format (the versionType of CVE, the ecosystem or
// range type of OSV, the type of a package URL, a vers URI's); what it does not
// know is Generic, as CVE's "custom" is.
func SchemeOf(word string) Scheme {
	word, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(word)), ":") // "Debian:12"
	switch word {
	case "semver", "npm", "go", "golang", "cargo", "crates.io", "hex", "pub", "swifturl", "nuget":
		return Semver
	case "deb", "dpkg", "debian", "ubuntu":
		return Deb
	case "rpm", "red hat", "rocky linux", "almalinux", "opensuse", "suse", "openeuler", "mageia":
		return RPM
	case "python", "pypi", "pep440":
		return Python
	case "maven":
		return Maven
	case "git":
		return Git
	}
	return Generic
}

// maxLength is the longest text that is read as a version.
const maxLength = 256

// Compare orders two versions of a scheme: below zero where a comes before b,
// zero where they are the same version, above zero where a comes after b. A text
// that is no version of the scheme is errs.Invalid.
func Compare(scheme Scheme, a, b string) (int, error) {
	if len(a) > maxLength || len(b) > maxLength {
		return 0, errs.New(errs.TooLarge, "a version is longer than %d bytes", maxLength)
	}
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	switch scheme {
	case Semver:
		return both(parseSemver, compareSemver, a, b)
	case Deb:
		return both(parseDeb, compareDeb, a, b)
	case RPM:
		return both(parseRPM, compareRPM, a, b)
	case Python:
		return both(parsePython, comparePython, a, b)
	case Maven:
		return both(parseMaven, compareMaven, a, b)
	case Git:
		if a != "" && strings.EqualFold(a, b) {
			return 0, nil
		}
		return 0, errs.New(errs.Invalid, "commits %q and %q have no order", a, b)
	case Generic:
	}
	return both(parseGeneric, compareGeneric, a, b)
}

func both[T any](parse func(string) (T, bool), compare func(a, b T) int, a, b string) (int, error) {
	x, ok := parse(a)
	if !ok {
		return 0, errs.New(errs.Invalid, "%q is no version of this scheme", a)
	}
	y, ok := parse(b)
	if !ok {
		return 0, errs.New(errs.Invalid, "%q is no version of this scheme", b)
	}
	return compare(x, y), nil
}

// compareNumber orders runs of digits by their value, however long.
func compareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
