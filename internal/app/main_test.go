package app_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"tocsin/internal/app"
	"tocsin/internal/base/db/dbtest"
)

// TestMain lets this test binary be the program as well: a process that is
// called tocsin runs app.Main. So what the sessions run is built with the flags
// of the test, -race and -cover too.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tocsin": func() { os.Exit(app.Main(os.Args[1:])) },
	})
}

// eachEngine runs a suite on SQLite and on PostgreSQL. fresh makes a new, empty
// database and says its address as --db takes it; "" is the data folder's own.
func eachEngine(t *testing.T, suite func(t *testing.T, fresh func() string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { suite(t, func() string { return "" }) })
	t.Run("postgresql", func(t *testing.T) { suite(t, cluster(t)) })
}

// cluster starts a PostgreSQL server that ends with the test, and returns what
// makes databases in it.
func cluster(t *testing.T) func() string {
	t.Helper()
	address := dbtest.Address(t)
	var mu sync.Mutex
	made := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		made++
		name := fmt.Sprintf("city%d", made)
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
			panic(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			panic(err)
		}
		u.Path = "/" + name
		return u.String()
	}
}
