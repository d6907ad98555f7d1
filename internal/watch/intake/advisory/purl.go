package advisory

import (
	"errors"
	"net/url"
	"strings"
)

// CheckPURL says what is wrong with a package URL (package-url/purl-spec,
// ECMA-427), nil where nothing is.
func CheckPURL(s string) error {
	rest, ok := strings.CutPrefix(s, "pkg:")
	if !ok {
		return errors.New("the text does not begin with pkg: as a package URL does")
	}
	rest = strings.TrimLeft(rest, "/")
	rest, subpath, hasSubpath := strings.Cut(rest, "#")
	rest, qualifiers, hasQualifiers := strings.Cut(rest, "?")
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok || !purlType(kind) {
		return errors.New("the package URL has no type")
	}
	path := rest
	// The version is behind the last @ that stands after the last slash.
	if at := strings.LastIndexByte(path, '@'); at > strings.LastIndexByte(path, '/') {
		version, err := url.PathUnescape(path[at+1:])
		if err != nil || version == "" {
			return errors.New("the version of the package URL cannot be read")
		}
		path = path[:at]
	}
	path = strings.Trim(path, "/")
	for part := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return errors.New("the package URL has a broken escape")
		}
		if plain == "" && part == path {
			return errors.New("the package URL has no name")
		}
		if strings.ContainsAny(part, " \t\"<>\\^`{|}") {
			return errors.New("the package URL has characters that must be escaped")
		}
	}
	if hasQualifiers {
		seen := map[string]bool{}
		for pair := range strings.SplitSeq(qualifiers, "&") {
			key, value, ok := strings.Cut(pair, "=")
			lower := strings.ToLower(key)
			if _, err := url.PathUnescape(value); !ok || err != nil || !qualifierKey(key) || seen[lower] {
				return errors.New("a qualifier of the package URL cannot be read")
			}
			seen[lower] = true
		}
	}
	if hasSubpath {
		for part := range strings.SplitSeq(strings.Trim(subpath, "/"), "/") {
			plain, err := url.PathUnescape(part)
			if err != nil || plain == "." || plain == ".." {
				return errors.New("the subpath of the package URL cannot be read")
			}
		}
	}
	return nil
}

// PURLParts are a package URL without its version, qualifiers and subpath, its
// type, and its version; all "" where it is none.
func PURLParts(s string) (bare, kind, version string) {
	if CheckPURL(s) != nil {
		return "", "", ""
	}
	s, _, _ = strings.Cut(s, "#")
	s, _, _ = strings.Cut(s, "?")
	kind, _, _ = strings.Cut(strings.TrimLeft(s[len("pkg:"):], "/"), "/")
	if at := strings.LastIndexByte(s, '@'); at > strings.LastIndexByte(s, '/') {
		version, _ = url.PathUnescape(s[at+1:])
		s = s[:at]
	}
	return s, strings.ToLower(kind), version
}

func purlType(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	return wordOf(s, ".+-")
}

func qualifierKey(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	return wordOf(s, ".-_")
}

// wordOf says whether a text is of letters, digits and the other characters.
func wordOf(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
