package row

import (
	"strings"
	"time"
)

// Instant reads the time forms that feeds use and returns it in UTC, cut to
// microseconds: 2026-03-01 00:12:30, the same with T, without seconds, as a date
// alone, with a fraction, with Z, UTC, GMT or an offset, and whole seconds since 1970. A form
// without a zone is in zone; nil is UTC. Any other text is a *Refusal.
func Instant(b []byte, zone *time.Location) (time.Time, error) {
	if zone == nil {
		zone = time.UTC
	}
	if t, ok := common(b, zone); ok {
		return t, nil
	}
	s := strings.TrimSpace(string(b))
	if t, ok := epoch(s); ok {
		return t, nil
	}
	bare := s
	for _, suffix := range []string{" UTC", " GMT", "Z", "z"} {
		if cut, ok := strings.CutSuffix(s, suffix); ok {
			bare, zone = cut, time.UTC
			break
		}
	}
	for _, layout := range []string{
		"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04",
		time.DateOnly, "2006/01/02 15:04:05", "2006-01-02 15:04:05Z07:00", time.RFC3339,
		"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05-0700",
		"2006-01-02 15:04:05-07", "2006-01-02T15:04:05-07", "2006-01-02 15:04:05 -07:00",
		"Mon, 02 Jan 2006 15:04:05", time.RFC1123Z,
	} {
		if t, err := time.ParseInLocation(layout, bare, zone); err == nil {
			if bounded(t.Year()) {
				return t.UTC().Truncate(time.Microsecond), nil
			}
			break
		}
	}
	return time.Time{}, &Refusal{Fault: FaultTime, Value: s}
}

// common reads the form that nearly every row has, without allocating.
func common(b []byte, zone *time.Location) (time.Time, bool) {
	if len(b) != 19 || b[4] != '-' || b[7] != '-' || b[10] != ' ' && b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	n := [6]int{}
	for i, at := range [6]int{2, 5, 8, 11, 14, 17} {
		hi, lo := b[at]-'0', b[at+1]-'0'
		if hi > 9 || lo > 9 {
			return time.Time{}, false
		}
		n[i] = int(hi)*10 + int(lo)
	}
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return time.Time{}, false
	}
	year := int(hi)*1000 + int(lo)*100 + n[0]
	if !bounded(year) || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
	// 31 April became 1 May: such a day does not exist. With a zone the hour may
	// move where clocks are put forward, the day of the month then still holds.
	if t.Day() != n[2] {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func epoch(s string) (time.Time, bool) {
	if len(s) < 9 || len(s) > 10 || !digits(s) {
		return time.Time{}, false
	}
	var n int64
	for i := range len(s) {
		n = n*10 + int64(s[i]-'0')
	}
	return time.Unix(n, 0).UTC(), true
}

// Plausible says whether a report can mean the instant: years such as 0001 and
// 9999 are what tools write for "unknown".
func Plausible(t time.Time) bool { return bounded(t.UTC().Year()) }

// bounded keeps out years that no report can mean, such as 0000 and 9999, which
// tools write for "unknown".
func bounded(year int) bool { return year >= 1990 && year < 2200 }
