package csaf

import (
	"cmp"
	"strconv"
	"strings"
)

// A version of a document is an integer or a semantic version (CSAF 2.0 §3.1.11).

// semantic says whether a version is a semantic one.
func semantic(v string) bool { return strings.Contains(v, ".") }

// core are the three numbers of a version and its pre-release part; an integer n
// stands for n.0.0 (CSAF 2.1, test 6.1.14).
func core(v string) (numbers [3]int, pre string) {
	v, _, _ = strings.Cut(v, "+")
	v, pre, _ = strings.Cut(v, "-")
	for i, part := range strings.SplitN(v, ".", 3) {
		n, err := strconv.Atoi(part)
		if err != nil {
			n = 1 << 62
		}
		numbers[i] = n
	}
	return numbers, pre
}

// compareVersions orders versions as semantic versioning does; build metadata
// says nothing.
func compareVersions(a, b string) int {
	an, ap := core(a)
	bn, bp := core(b)
	for i := range an {
		if n := cmp.Compare(an[i], bn[i]); n != 0 {
			return n
		}
	}
	switch {
	case ap == bp:
		return 0
	case ap == "":
		return 1
	case bp == "":
		return -1
	}
	as, bs := strings.Split(ap, "."), strings.Split(bp, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		var n int
		switch {
		case errX == nil && errY == nil:
			n = cmp.Compare(x, y)
		case errX == nil:
			n = -1
		case errY == nil:
			n = 1
		default:
			n = strings.Compare(as[i], bs[i])
		}
		if n != 0 {
			return n
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// draft says whether a version may only be that of a draft: 0 or 0.y.z.
func draft(v string) bool {
	n, _ := core(v)
	return n[0] == 0
}
