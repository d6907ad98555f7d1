package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
)

// write runs work in a bracket that must succeed.
func write(t *testing.T, d *db.DB, work func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), work); err != nil {
		t.Fatal(err)
	}
}

func bells(n int) (args []any, keys []int64) {
	for i := range n {
		var body any
		if i%3 == 0 {
			body = []byte{byte(i)}
		}
		args = append(args, int64(i+1), fmt.Sprintf("chuông %d", i+1), body)
		keys = append(keys, int64(i+1))
	}
	return args, keys
}

type bell struct {
	ID   int64  `db:"id"`
	Name string `db:"name"`
	Body []byte `db:"body"`
}

func TestBulkOnBothEngines(t *testing.T) {
	const insert = `INSERT INTO bell (id, name, body) VALUES`
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Run("what was inserted is read back by any number of keys", func(t *testing.T) {
			const n = 9001
			args, keys := bells(n)
			write(t, d, func(tx *db.Tx) error { return tx.Bulk(insert, "", 3, args) })
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				for _, most := range []int{0, 1, 2, 3, 5, 255, 256, 257, 700, n} {
					got, err := db.SelectIn[bell](tx, `SELECT id, name, body FROM bell WHERE id IN ({keys})`, keys[:most])
					if err != nil {
						return err
					}
					slices.SortFunc(got, func(a, b bell) int { return int(a.ID - b.ID) })
					if len(got) != most {
						t.Fatalf("got %d of %d", len(got), most)
					}
					for i, b := range got {
						if b.Name != args[3*i+1] || (b.Body == nil) != (args[3*i+2] == nil) {
							t.Fatalf("row %d is %+v", i, b)
						}
					}
					var sum int64
					err = db.EachIn(tx, `SELECT id FROM bell WHERE name IN ({keys})`, names(args, most), func(r db.Row) error {
						var id int64
						err := r.Scan(&id)
						sum += id
						return err
					})
					if want := int64(most) * int64(most+1) / 2; err != nil || sum != want {
						t.Fatalf("%d keys: sum %d, want %d (%v)", most, sum, want, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		t.Run("many rows are changed, each with its own values", func(t *testing.T) {
			var args []any
			for id := int64(1); id <= 9001; id += 2 {
				args = append(args, fmt.Sprintf("mới %d", id), id)
			}
			args = append(args, "nobody", int64(1_000_000))
			write(t, d, func(tx *db.Tx) error {
				n, err := tx.BulkUpdate("bell", "name = {1}", "id = {2}", 2, args)
				if n != 4501 {
					t.Errorf("changed %d", n)
				}
				return err
			})
			write(t, d, func(tx *db.Tx) error {
				for id, want := range map[int64]string{1: "mới 1", 2: "chuông 2", 9001: "mới 9001"} {
					var name string
					if err := tx.Get(&name, `SELECT name FROM bell WHERE id = $1`, id); err != nil || name != want {
						t.Errorf("bell %d is %q (%v)", id, name, err)
					}
				}
				return nil
			})
		})
		t.Run("a conflict is passed over where the tail says so, and fails the bracket where not", func(t *testing.T) {
			args, _ := bells(3)
			args = append(args, int64(20_000), "new", []byte("x"))
			before := count(t, d)
			write(t, d, func(tx *db.Tx) error { return tx.Bulk(insert, `ON CONFLICT (id) DO NOTHING`, 3, args) })
			if n := count(t, d); n != before+1 {
				t.Fatalf("%d rows more", n-before)
			}
			err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Bulk(insert, "", 3, args) })
			if err == nil || count(t, d) != before+1 {
				t.Fatalf("got %v", err)
			}
			// The statement that failed runs again.
			write(t, d, func(tx *db.Tx) error { return tx.Bulk(insert, "", 3, []any{int64(20_001), "b", nil}) })
		})
	}, schema())
}

func names(args []any, n int) []string {
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, args[3*i+1].(string))
	}
	return out
}

func TestAStatementMayRunWhileItRuns(t *testing.T) {
	d := dbtest.SQLite(t, schema())
	args, _ := bells(300)
	write(t, d, func(tx *db.Tx) error {
		if err := tx.Bulk(`INSERT INTO bell (id, name, body) VALUES`, "", 3, args); err != nil {
			return err
		}
		const text = `SELECT id FROM bell WHERE id > $1 ORDER BY id`
		outer, err := tx.Query(text, 290)
		if err != nil {
			return err
		}
		defer func() { _ = outer.Close() }()
		pairs := 0
		for outer.Next() {
			var id int64
			if err := outer.Scan(&id); err != nil {
				return err
			}
			var inner []int64
			if err := tx.Select(&inner, text, id); err != nil {
				return err
			}
			pairs += len(inner)
		}
		if pairs != 45 {
			t.Errorf("%d pairs", pairs)
		}
		return outer.Err()
	})
}

func TestMoreTextsThanAreKept(t *testing.T) {
	d := dbtest.SQLite(t, schema())
	write(t, d, func(tx *db.Tx) error {
		for range 2 {
			for i := range 400 {
				n, err := tx.Int(fmt.Sprintf(`SELECT COUNT(*) + %d FROM bell WHERE name <> $1 AND name <> '$%d?'`, i, i), "x")
				if err != nil || n != int64(i) {
					return fmt.Errorf("text %d: %d, %w", i, n, err)
				}
			}
		}
		return nil
	})
}

func TestParametersInAnyOrder(t *testing.T) {
	d := dbtest.SQLite(t, schema())
	write(t, d, func(tx *db.Tx) error {
		for text, want := range map[string]string{
			`SELECT $1 || $2 || $3`:                    "abc",
			`SELECT $3 || $2 || $1`:                    "cba",
			`SELECT $1 || $1 || $2 || $3`:              "aabc",
			`SELECT $1 || '$2' || $2 || "$9" || $3`:    "a$2b$9c",
			"SELECT $1 || /* $7 */ $2 -- $8\n || $3":   "abc",
			`SELECT CAST($1 AS TEXT) || ($2) || ($3);`: "abc",
		} {
			var got string
			if err := tx.Get(&got, text, "a", "b", "c"); err != nil {
				if strings.Contains(text, `"$9"`) {
					continue // a name in double quotes is a column's
				}
				return err
			}
			if got != want {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
		return nil
	})
}
