package app

import (
	"context"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/intake"
)

// Build imports files and makes the source that Deliver delivers from: how a
// benchmark gets a large city without a client between.
func (a *App) Build(tb testing.TB, files []estate.File) {
	tb.Helper()
	if results, err := a.estate.Apply(tb.Context(), auth.Stage("bench"), files); err != nil {
		tb.Fatalf("%v %+v", err, results)
	}
	if _, err := a.intake.AddSource(tb.Context(), auth.Stage("bench"), intake.Source{Name: "shadowserver", Format: intake.Shadowserver}); err != nil {
		tb.Fatal(err)
	}
}

// Deliver hands a report in and waits until everything has followed from it.
func (a *App) Deliver(tb testing.TB, d intake.Delivery) {
	tb.Helper()
	d.Source = "shadowserver"
	if _, _, err := a.intake.Receive(tb.Context(), auth.Stage("bench"), d); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), 20*time.Minute)
	defer cancel()
	if err := a.runner.Settle(ctx); err != nil {
		tb.Fatal(err)
	}
}
