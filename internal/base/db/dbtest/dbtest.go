// Package dbtest gives tests a fresh database on either engine. PostgreSQL is
// started once per test binary from the machine's own server programs, as an
// unprivileged user, on a socket in a folder of its own.
package dbtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/internal/base/db"
)

// Each runs suite on both engines, each with a fresh database of the schema.
func Each(t *testing.T, suite func(t *testing.T, d *db.DB), schema ...db.Migration) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { suite(t, SQLite(t, schema...)) })
	t.Run("postgresql", func(t *testing.T) { suite(t, PostgreSQL(t, schema...)) })
}

// SQLite is a fresh SQLite database.
func SQLite(t testing.TB, schema ...db.Migration) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "tocsin.db"), schema)
}

// PostgreSQL is a fresh PostgreSQL database.
func PostgreSQL(t testing.TB, schema ...db.Migration) *db.DB {
	t.Helper()
	return open(t, Address(t), schema)
}

func open(t testing.TB, address string, schema []db.Migration) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	return d
}

// Address is the address of a PostgreSQL server of this test's own, with an
// empty database, on a Unix socket. The server ends with the test.
//
// A server of its own leaves nothing behind however the test ends, which a
// shared one would not. What is slow about it, making the first files, is done
// once on a machine and copied.
func Address(t testing.TB) string {
	t.Helper()
	bin := programs(t)
	// A socket path has a limit of 107 bytes, which t.TempDir can pass.
	root, err := os.MkdirTemp("/tmp", "tocsin-pg-") //nolint:usetesting // its path is too long, as said above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	credential := unprivileged(t, root)
	run := func(program string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if !filepath.IsAbs(program) {
			program = filepath.Join(bin, program)
		}
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir = root
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		log, err := os.CreateTemp(root, filepath.Base(program))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		// A file, not a pipe: the server inherits it and would keep a pipe open.
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%s: %v\n%s", program, err, text)
		}
	}
	data := filepath.Join(root, "data")
	template := fmt.Sprintf("/tmp/tocsin-pg-template-%d-%s", os.Getuid(), filepath.Base(filepath.Dir(bin)))
	if _, err := os.Stat(template); err != nil {
		fresh := filepath.Join(root, "template")
		run("initdb", "-D", fresh, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
		// Whoever renames first has made it; the others' goes with their folder.
		if err := os.Rename(fresh, template); err != nil {
			template = fresh
		}
	}
	run("/bin/cp", "-a", template, data)
	port := port()
	run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(root, "server.log"), "-o",
		fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories=%s -c port=%d -c fsync=off -c max_connections=60", root, port), "start")
	t.Cleanup(func() { run("pg_ctl", "-D", data, "-m", "immediate", "stop") })
	return fmt.Sprintf("postgres:///postgres?host=%s&port=%d&user=tocsin", root, port)
}

// port numbers the sockets; the folder already makes them unique.
func port() int64 { return 5432 + int64(os.Getpid()%20000) }

// programs is the folder of the newest PostgreSQL server programs. Debian keeps
// them off the PATH. A machine without them fails the test by name.
func programs(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			t.Fatal("initdb is missing: apt-get install postgresql (make test does)")
		}
		return filepath.Dir(path)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return filepath.Dir(found[0])
}

// unprivileged is the user that the server runs as, nil when that is already
// so: PostgreSQL refuses to run as root.
func unprivileged(t testing.TB, root string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(root, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
