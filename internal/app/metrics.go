package app

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tocsin/internal/base/db"
)

// registry gathers the measurements of this process.
func (a *App) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), (*gauges)(a))
	return r
}

// gauges reads from the database when it is asked.
type gauges App

func (g *gauges) descriptions() (behind, alarms, parked, documents, deliveries, findings *prometheus.Desc) {
	name := func(n, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tocsin_"+n, help, labels, nil)
	}
	return name("stage_behind_entries", "Journal entries that a stage has not read.", "stage"),
		name("alarms_due_rows", "Clock rows that are due."),
		name("parked_entries", "Entries that were set aside after five failures."),
		name("documents", "Documents by state.", "state"),
		name("deliveries", "Deliveries by state.", "state"),
		name("findings", "Findings by severity and state.", "severity", "state")
}

// Describe is part of prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(g, out) }

// Collect is part of prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	behind, alarms, parked, documents, deliveries, findings := g.descriptions()
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	places, err := (*App)(g).runner.Places(ctx)
	if err != nil {
		return
	}
	for _, p := range places {
		send(behind, float64(p.Behind), p.Stage)
	}
	_ = g.db.Read(ctx, func(tx *db.Tx) error { // a failed read shows as a gap
		one := func(d *prometheus.Desc, query string, args ...any) error {
			n, err := tx.Int(query, args...)
			if err == nil {
				send(d, float64(n))
			}
			return err
		}
		if err := one(alarms, `SELECT COUNT(*) FROM alarm WHERE due <= $1`, db.Micros(g.clock.Now())); err != nil {
			return err
		}
		if err := one(parked, `SELECT COUNT(*) FROM parked`); err != nil {
			return err
		}
		for _, group := range []struct {
			d     *prometheus.Desc
			query string
		}{
			{documents, `SELECT state AS a, '' AS b, COUNT(*) AS n FROM document GROUP BY state`},
			{deliveries, `SELECT state AS a, '' AS b, COUNT(*) AS n FROM delivery GROUP BY state`},
			{findings, `SELECT CAST(severity AS TEXT) AS a, state AS b, SUM(n) AS n FROM finding_tally GROUP BY severity, state`},
		} {
			var rows []struct {
				A string `db:"a"`
				B string `db:"b"`
				N int64  `db:"n"`
			}
			if err := tx.Select(&rows, group.query); err != nil {
				return err
			}
			for _, r := range rows {
				if group.d == findings {
					send(group.d, float64(r.N), r.A, r.B)
				} else {
					send(group.d, float64(r.N), r.A)
				}
			}
		}
		return nil
	})
}

// measured logs requests that fail or take long.
func (a *App) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now() //nolint:forbidigo // how long it took, not when it was
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		took := time.Since(began)
		if answer.status >= http.StatusInternalServerError || (took > time.Second && !strings.HasPrefix(r.URL.Path, "/live")) {
			a.log.Warn("request", "method", r.Method, "path", r.URL.Path, "status", strconv.Itoa(answer.status), "took", took)
		}
	})
}

type answer struct {
	http.ResponseWriter

	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection: live pages flush.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
