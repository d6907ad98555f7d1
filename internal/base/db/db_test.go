package db_test

import (
	"errors"
	"sync"
	"testing"

	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
)

func schema() db.Migration {
	return db.Migration{Name: "bell", SQL: `CREATE TABLE bell (id {{id}}, name TEXT NOT NULL, body {{bytes}});
CREATE TABLE tally (n BIGINT NOT NULL);
INSERT INTO tally (n) VALUES (0);`}
}

func TestBracketsOnBothEngines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Run("a failed write leaves nothing", func(t *testing.T) {
			want := errors.New("no")
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.Exec(`INSERT INTO bell (id, name) VALUES ($1, $2)`, 1, "a"); err != nil {
					return err
				}
				return want
			})
			if !errors.Is(err, want) {
				t.Fatalf("got %v", err)
			}
			if n := count(t, d); n != 0 {
				t.Fatalf("%d rows are left", n)
			}
		})
		t.Run("a reader may not write", func(t *testing.T) {
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`INSERT INTO bell (id, name) VALUES (1, 'a')`)
				return err
			})
			if err == nil {
				t.Fatal("it wrote")
			}
		})
		t.Run("no row is not found", func(t *testing.T) {
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				var name string
				return tx.Get(&name, `SELECT name FROM bell WHERE id = $1`, 99)
			})
			if !errs.Is(err, errs.NotFound) {
				t.Fatalf("got %v", err)
			}
		})
		t.Run("bulk and select in", func(t *testing.T) {
			const rows = 2500
			var keys []int64
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				first, err := tx.NextID("bell", rows)
				if err != nil {
					return err
				}
				var args []any
				for i := range rows {
					args = append(args, first+int64(i), "chuông", []byte{byte(i)})
					keys = append(keys, first+int64(i))
				}
				return tx.Bulk(`INSERT INTO bell (id, name, body) VALUES`, `ON CONFLICT (id) DO NOTHING`, 3, args)
			})
			if err != nil {
				t.Fatal(err)
			}
			err = d.Read(t.Context(), func(tx *db.Tx) error {
				got, err := db.SelectIn[int64](tx, `SELECT id FROM bell WHERE id IN ({keys})`, keys)
				if len(got) != rows {
					t.Errorf("got %d of %d", len(got), rows)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		t.Run("writers come one at a time", func(t *testing.T) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 20 {
						err := d.Write(t.Context(), func(tx *db.Tx) error {
							n, err := tx.Int(`SELECT n FROM tally`)
							if err != nil {
								return err
							}
							_, err = tx.Exec(`UPDATE tally SET n = $1`, n+1)
							return err
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				n, err := tx.Int(`SELECT n FROM tally`)
				if n != 160 {
					t.Errorf("counted %d of 160", n)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}, schema())
}

func count(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) {
		n, err = tx.Int(`SELECT COUNT(*) FROM bell`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnAddressOfAnotherFormIsAUsageError(t *testing.T) {
	if _, err := db.Open(t.Context(), "mysql://x"); !errs.Is(err, errs.Usage) {
		t.Fatalf("got %v", err)
	}
}
