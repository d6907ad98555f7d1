package api

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

// ParseSpan reads a duration as people write it: Go's units, and d for 24 hours
// and w for 7 days before them: 90s, 1h30m, 2d, 1w2d12h. It is above zero or
// zero, never below.
func ParseSpan(text string) (time.Duration, error) {
	wrong := func() (time.Duration, error) {
		return 0, errs.New(errs.Invalid, "%q is not a duration: want one like 90s, 1h30m, 2d or 1w", text)
	}
	parts := regexp.MustCompile(`^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(.*)$`).FindStringSubmatch(text)
	if text == "" || parts == nil {
		return wrong()
	}
	total := time.Duration(0)
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour} {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64(math.MaxInt64/2/unit) {
			return wrong()
		}
		total += time.Duration(n) * unit
	}
	if rest := parts[3]; rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") || d < 0 {
			return wrong()
		}
		total += d
	}
	if total < 0 {
		return wrong()
	}
	return total, nil
}
