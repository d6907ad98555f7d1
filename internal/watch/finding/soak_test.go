package finding_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/watch/intake"
)

// largest is the most memory that a process may have held after a report of four
// million rows, all of them new, and the same report again.
const largest = 512 << 20

// TestSoakFourMillionRows takes a large report twice in a process of its own, and
// looks at the memory that this process held at its peak. TOCSIN_SOAK asks for
// it; TOCSIN_ROWS sets another size.
func TestSoakFourMillionRows(t *testing.T) {
	if os.Getenv("TOCSIN_SOAK") == "" {
		t.Skip("set TOCSIN_SOAK to run it: it takes minutes and 5 GB of disk")
	}
	rows := "4000000"
	if n := os.Getenv("TOCSIN_ROWS"); n != "" {
		rows = n
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestManyRows$", "-test.v", "-test.timeout", "3h")
	child.Env = append(os.Environ(), "TOCSIN_MANY_ROWS="+rows)
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// TestManyRows is what that process runs.
func TestManyRows(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv("TOCSIN_MANY_ROWS"))
	if err != nil {
		t.Skip("TestSoakFourMillionRows runs it")
	}
	h := build(t, dbtest.SQLite(t, schema()...))
	h.city()
	h.source("shadow", intake.Source{Format: intake.Shadowserver})
	for day, what := range []string{"new", "known"} {
		debug.FreeOSMemory()
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // the peak of making the city does not count
		began, before := time.Now(), cpu()
		report := newGenerator(t, start().Add(time.Duration(day-3)*24*time.Hour), rows)
		report.stride = []int{1_000_003, 7_368_787}[day] // no two days come in one order
		h.deliverFrom("shadow", "scan_rdp.csv", report)
		wall, used := time.Since(began), cpu()-before
		peak := peakMemory(t)
		fmt.Printf("%d rows %s: %.0f rows/s, %.1f cpu-µs/row, peak memory %d MiB\n", rows, what,
			float64(rows)/wall.Seconds(), float64(used.Microseconds())/float64(rows), peak>>20)
		if peak > largest {
			t.Errorf("the process held %d MiB, want %d at most", peak>>20, largest>>20)
		}
	}
}

// peakMemory is the most resident memory that this process has held, in bytes.
func peakMemory(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("no VmHWM in /proc/self/status")
	return 0
}
