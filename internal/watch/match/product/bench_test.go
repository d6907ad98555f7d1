package product_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"tocsin/internal/watch/intake/advisory"
	"tocsin/internal/watch/match/product"
)

// A world invents products, inventories of them and advisories about them, in
// the proportions of the real ones: few products are everywhere, Windows comes
// with a dozen releases an advisory, most CVEs concern what nobody here has.
type world struct {
	r     *rand.Rand
	names [][2]string // vendor, product; the frequent ones first
}

func newWorld() *world {
	w := &world{r: rand.New(rand.NewPCG(1, 2))}
	w.names = append(w.names, [2]string{"Linux", "Linux"}, [2]string{"Microsoft", "Windows"}, [2]string{"Google", "Chrome"}, [2]string{"Adobe", "Acrobat Reader"})
	kinds := []string{"Server", "Manager", "Suite", "Firmware", "Plugin", "Gateway", "Client", "Portal", "Library", "Management System", "", "", ""}
	for i := range 80000 {
		vendor := w.word(i % 20000)
		w.names = append(w.names, [2]string{vendor + " Inc.", w.word(20000+i) + " " + kinds[i%len(kinds)]})
	}
	return w
}

// word is a pronounceable one for a number.
func (w *world) word(n int) string {
	syllables := []string{"ba", "ke", "lo", "mi", "nu", "ra", "so", "ti", "vu", "xa", "den", "gor", "lin", "pas", "qui", "tor", "wen", "zel"}
	s := ""
	for n += 400; n > 0; n /= len(syllables) {
		s += syllables[n%len(syllables)]
	}
	return s
}

// pick is by Zipf's law.
func (w *world) pick(n int) int {
	x := w.r.Float64()
	return int(x * x * x * float64(n))
}

func (w *world) software(lines int) []product.Software {
	all := make([]product.Software, lines)
	for i := range all {
		name := w.names[w.pick(12000)]
		s := product.Software{Vendor: name[0], Product: name[1], Version: fmt.Sprintf("%d.%d.%d", w.r.IntN(9)+1, w.r.IntN(5), w.r.IntN(8))}
		switch w.r.IntN(10) {
		case 0:
			s.Version = ""
		case 1:
			s.Vendor = ""
		case 2:
			s.Product = name[0] + " " + name[1] + " x64"
		case 3:
			s = product.Software{Vendor: "Microsoft Corporation", Product: []string{"Windows 10 Pro", "Windows 11", "Windows Server 2019", "Windows Server 2016 Standard"}[w.r.IntN(4)], Version: "10.0.1" + strconv.Itoa(7763+w.r.IntN(3)) + "." + strconv.Itoa(w.r.IntN(70)*85)}
		}
		all[i] = s
	}
	return all
}

func (w *world) advisory(i int) *advisory.Advisory {
	a := &advisory.Advisory{ID: "CVE-2024-" + strconv.Itoa(i), CVEs: []string{"CVE-2024-" + strconv.Itoa(i)}}
	if i%20 == 0 {
		for _, release := range []string{"10 Version 1809", "10 Version 21H2", "10 Version 22H2", "11 version 22H2", "11 Version 23H2", "Server 2016", "Server 2019", "Server 2019 (Server Core installation)", "Server 2022", "Server 2012 R2"} {
			a.Products = append(a.Products, advisory.Product{
				Vendor: "Microsoft", Name: "Windows " + release, CPE: "cpe:2.3:o:microsoft:windows_x:10.0.17763.1:*:*:*:*:*:*:*",
				Ranges: []advisory.Range{{From: "10.0.0", To: "10.0.17763." + strconv.Itoa(w.r.IntN(6000))}},
			})
		}
		return a
	}
	for range 1 + w.r.IntN(4) {
		name := w.names[int(math.Pow(w.r.Float64(), 2)*float64(len(w.names)))]
		if i%20 == 1 {
			name = w.names[0]
		}
		a.Products = append(a.Products, advisory.Product{
			Vendor: name[0], Name: name[1],
			Ranges: []advisory.Range{{From: strconv.Itoa(w.r.IntN(8)), To: fmt.Sprintf("%d.%d.%d", w.r.IntN(9)+1, w.r.IntN(5), w.r.IntN(8)), Scheme: "semver"}},
		})
	}
	return a
}

func lexicon(b *testing.B) *product.Lexicon {
	b.Helper()
	known, err := product.BuiltIn()
	if err != nil {
		b.Fatal(err)
	}
	l, err := product.NewLexicon(known)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkCold matches 250,000 CVE records with 200,000 lines of software from
// nothing, on one core: learn the words, index, match.
func BenchmarkCold(b *testing.B) {
	const records, lines = 250_000, 200_000
	previous := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(previous)
	for b.Loop() {
		w := newWorld()
		software := w.software(lines)
		l := lexicon(b)
		for i := range records {
			l.Observe(w.advisory(i))
		}
		x := product.NewIndex(l, software)
		hits, concerned := 0, 0
		w.r = rand.New(rand.NewPCG(3, 4))
		for i := range records {
			for _, h := range x.Match(w.advisory(i)) {
				hits++
				concerned += len(h.Lines)
			}
		}
		var used syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(used.Utime.Sec+used.Stime.Sec), "cpu-s") // others may use the machine too
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(hits), "hits")
		b.ReportMetric(float64(concerned), "lines")
		b.ReportMetric(float64(x.Len()), "variants")
		b.ReportMetric(float64(m.Sys)/1e6, "MB-sys")
	}
}

// BenchmarkOne asks an index of 200,000 lines of software with one new advisory
// on Windows, the worst there is, and one on something rare.
func BenchmarkOne(b *testing.B) {
	w := newWorld()
	software := w.software(200_000)
	l := lexicon(b)
	for i := range 20_000 {
		l.Observe(w.advisory(i))
	}
	x := product.NewIndex(l, software)
	for name, at := range map[string]int{"windows": 0, "other": 1} {
		a := w.advisory(at)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				x.Match(a)
			}
		})
	}
}

// BenchmarkAdded asks an index of one added line with 250,000 records.
func BenchmarkAdded(b *testing.B) {
	w := newWorld()
	l := lexicon(b)
	for b.Loop() {
		x := product.NewIndex(l, []product.Software{{Vendor: "Microsoft", Product: "Windows Server 2019", Version: "10.0.17763.100"}})
		for i := range 250_000 {
			x.Match(w.advisory(i))
		}
	}
}
