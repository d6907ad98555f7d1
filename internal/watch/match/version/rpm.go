package version

import "strings"

// rpm is a version of rpm-version(7): [epoch:]version[-release].
type rpm struct {
	epoch, version, release string
}

func parseRPM(s string) (rpm, bool) {
	var v rpm
	if before, after, has := strings.Cut(s, ":"); has {
		if !digits(before) {
			return rpm{}, false
		}
		v.epoch, s = before, after
	}
	v.version, v.release, _ = strings.Cut(s, "-")
	if v.version == "" || strings.IndexFunc(v.version, func(r rune) bool { return r >= '0' && r <= '9' }) < 0 {
		return rpm{}, false
	}
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && !isLetter(c) && strings.IndexByte("._+~^-", c) < 0 {
			return rpm{}, false
		}
	}
	return v, true
}

// compareRPM takes a missing release as the lowest one, so that the order is
// total; In knows that it may be any.
func compareRPM(a, b rpm) int {
	if c := compareNumber(a.epoch, b.epoch); c != 0 {
		return c
	}
	if c := rpmvercmp(a.version, b.version); c != 0 {
		return c
	}
	return rpmvercmp(a.release, b.release)
}

// rpmvercmp is rpm's: segments of digits or letters, separators without weight,
// a tilde before the end, a caret after the end but before any further segment,
// digits after letters.
func rpmvercmp(a, b string) int {
	for {
		a, b = rpmSkip(a), rpmSkip(b)
		if at, bt := begins(a, '~'), begins(b, '~'); at || bt {
			if !at || !bt {
				return sign(bt, at)
			}
			a, b = a[1:], b[1:]
			continue
		}
		if ac, bc := begins(a, '^'), begins(b, '^'); ac || bc {
			switch {
			case ac && bc:
				a, b = a[1:], b[1:]
				continue
			case a == "":
				return -1
			case b == "":
				return 1
			}
			return sign(bc, ac)
		}
		if a == "" || b == "" {
			return sign(a != "", b != "")
		}
		is := isLetter
		if isDigit(a[0]) {
			is = isDigit
		}
		var x, y string
		x, a = leading(a, is)
		y, b = leading(b, is)
		switch {
		case y == "": // kinds differ: digits are newer
			if isDigit(x[0]) {
				return 1
			}
			return -1
		case isDigit(x[0]):
			if c := compareNumber(x, y); c != 0 {
				return c
			}
		default:
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
		}
	}
}

func rpmSkip(s string) string {
	for s != "" && !isDigit(s[0]) && !isLetter(s[0]) && s[0] != '~' && s[0] != '^' {
		s = s[1:]
	}
	return s
}

func begins(s string, c byte) bool { return s != "" && s[0] == c }

// sign is 1 where only a holds, -1 where only b does, 0 else.
func sign(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
