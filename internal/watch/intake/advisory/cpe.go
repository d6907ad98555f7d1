package advisory

import (
	"strings"
)

// CPE writes a name of the Common Platform Enumeration as a CPE 2.3 formatted
// string of all eleven attributes (NISTIR 7695 §6.2). It takes the URI form of
// CPE 2.2 with the packed edition of 2.3, and formatted strings that end early:
// what is missing is any (*). It says whether s is a name.
func CPE(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(s, "cpe:2.3:"); ok {
		return formatted(rest)
	}
	if rest, ok := strings.CutPrefix(s, "cpe:/"); ok {
		return unpacked(rest)
	}
	return "", false
}

// CPEParts are the vendor, the product and the version of a formatted string,
// unquoted; "" where the name says any (*) or none (-).
func CPEParts(cpe string) (vendor, product, version string) {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		return "", "", ""
	}
	parts := splitCPE(rest)
	if len(parts) < 4 {
		return "", "", ""
	}
	plain := func(v string) string {
		if v == "*" || v == "-" {
			return ""
		}
		if !strings.Contains(v, "\\") {
			return v
		}
		var b strings.Builder
		for i := 0; i < len(v); i++ {
			if v[i] == '\\' && i+1 < len(v) {
				i++
			}
			b.WriteByte(v[i])
		}
		return b.String()
	}
	return plain(parts[1]), plain(parts[2]), plain(parts[3])
}

// CPEAnyVersion is the formatted string with any version, for products whose
// Ranges say which.
func CPEAnyVersion(cpe string) string {
	rest, ok := strings.CutPrefix(cpe, "cpe:2.3:")
	if !ok {
		return cpe
	}
	parts := splitCPE(rest)
	if len(parts) < 4 || parts[3] == "-" {
		return cpe
	}
	parts[3] = "*"
	return "cpe:2.3:" + strings.Join(parts, ":")
}

func formatted(rest string) (string, bool) {
	parts := splitCPE(rest)
	if len(parts) < 3 || len(parts) > 11 || !cpePart(parts[0]) {
		return "", false
	}
	for i, p := range parts {
		if p == "" {
			parts[i] = "*"
		} else if strings.ContainsAny(p, " \t\r\n\x00") {
			return "", false
		}
	}
	for len(parts) < 11 {
		parts = append(parts, "*")
	}
	return "cpe:2.3:" + strings.Join(parts, ":"), true
}

// splitCPE splits at colons that are not quoted.
func splitCPE(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func cpePart(s string) bool { return s == "a" || s == "o" || s == "h" || s == "*" || s == "-" }

// unpacked turns the URI binding into a formatted string.
func unpacked(rest string) (string, bool) {
	parts := strings.Split(rest, ":")
	if len(parts) < 2 || len(parts) > 7 || !cpePart(parts[0]) {
		return "", false
	}
	out := []string{parts[0]}
	for i, p := range parts[1:] {
		// The fifth attribute may hold five: ~edition~sw_edition~target_sw~target_hw~other.
		if i == 4 && strings.HasPrefix(p, "~") {
			packed := strings.Split(p[1:], "~")
			if len(packed) != 5 {
				return "", false
			}
			language := ""
			if len(parts) == 7 {
				language = parts[6]
			}
			for _, q := range append([]string{packed[0], language}, packed[1:]...) {
				v, ok := quoted(q)
				if !ok {
					return "", false
				}
				out = append(out, v)
			}
			return formatted(strings.Join(out, ":"))
		}
		v, ok := quoted(p)
		if !ok {
			return "", false
		}
		out = append(out, v)
	}
	return formatted(strings.Join(out, ":"))
}

// quoted turns an attribute of the URI binding into one of the formatted string:
// percent escapes become quoted characters, %01 is ? and %02 is *.
func quoted(s string) (string, bool) {
	if s == "" {
		return "*", true
	}
	if s == "-" {
		return "-", true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi > 15 || lo > 15 {
				return "", false
			}
			i += 2
			switch c = hi<<4 | lo; c {
			case 1:
				b.WriteByte('?')
				continue
			case 2:
				b.WriteByte('*')
				continue
			}
			if c < 0x21 || c > 0x7e {
				return "", false
			}
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(c)
	}
	return b.String(), true
}

// unhex is the value of a hexadecimal digit in small letters, 16 of anything else.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}
