package auth_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
)

func TestAScopeHasExactlyWhatItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.Int64Range(-3, 60)).Draw(t, "ids")
		s := auth.Only(ids...)
		for id := int64(-4); id < 62; id++ {
			if want := id > 0 && slices.Contains(ids, id); s.Has(id) != want {
				t.Fatalf("%v has %d: %v", ids, id, s.Has(id))
			}
		}
		if got := s.IDs(); !slices.IsSorted(got) || len(slices.Compact(got)) != len(s.IDs()) {
			t.Fatalf("ids %v", got)
		}
	})
}

func TestAndIsWhatBothShowAndWithinIsItsOrder(t *testing.T) {
	scope := rapid.Custom(func(t *rapid.T) auth.Scope {
		if rapid.IntRange(0, 5).Draw(t, "kind") == 0 {
			return auth.All()
		}
		return auth.Only(rapid.SliceOfN(rapid.Int64Range(0, 8), 0, 8).Draw(t, "ids")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := scope.Draw(t, "a"), scope.Draw(t, "b")
		both := a.And(b)
		within := true
		for id := range int64(10) { // 9 is in no drawn list: it tells All apart
			if both.Has(id) != (a.Has(id) && b.Has(id)) {
				t.Fatalf("%v and %v at %d", a, b, id)
			}
			within = within && (!a.Has(id) || b.Has(id))
		}
		if a.Within(b) != within {
			t.Fatalf("%v within %v: %v, want %v", a.IDs(), b.IDs(), a.Within(b), within)
		}
		if !both.Within(a) || !both.Within(b) {
			t.Fatal("the common part is not within both")
		}
	})
}

func TestTheSQLOfAScope(t *testing.T) {
	for _, c := range []struct {
		scope auth.Scope
		want  string
	}{
		{auth.All(), "1=1"},
		{auth.Nobody(), "1=0"},
		{auth.Scope{}, "1=0"},
		{auth.Only(), "1=0"},
		{auth.Only(0, -1), "1=0"},
		{auth.Only(3), "f.organisation IN (3)"},
		{auth.Only(12, 3, 12, 7), "f.organisation IN (3,7,12)"},
	} {
		if got := c.scope.SQL("f.organisation"); got != c.want {
			t.Errorf("%v: %s, want %s", c.scope, got, c.want)
		}
	}
}

// The condition and Has must never differ: one decides what is listed, the
// other what may be opened.
func TestAListShowsWhatAndOnlyWhatMayBeOpened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			var args []any
			for id := range int64(40) {
				args = append(args, id)
			}
			args = append(args, nil)
			return tx.Bulk(`INSERT INTO row (organisation) VALUES`, "", 1, args)
		}); err != nil {
			t.Fatal(err)
		}
		listed := func(s auth.Scope) (ids []int64, err error) {
			err = d.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Select(&ids, `SELECT COALESCE(organisation, 0) FROM row WHERE `+s.SQL("organisation")+` ORDER BY 1`)
			})
			return ids, err
		}
		rapid.Check(t, func(rt *rapid.T) {
			s := auth.Only(rapid.SliceOf(rapid.Int64Range(0, 45)).Draw(rt, "ids")...)
			if rapid.IntRange(0, 9).Draw(rt, "all") == 0 {
				s = auth.All()
			}
			got, err := listed(s)
			if err != nil {
				rt.Fatal(err)
			}
			want := []int64{}
			if s.Has(0) {
				want = append(want, 0) // the row whose organisation is NULL
			}
			for id := range int64(40) {
				if s.Has(id) {
					want = append(want, id)
				}
			}
			if !slices.Equal(got, want) && len(got)+len(want) > 0 {
				rt.Fatalf("listed %v, want %v", got, want)
			}
		})

		big := make([]int64, 50000)
		for i := range big {
			big[i] = int64(i)*1000 + 39
		}
		got, err := listed(auth.Only(big...))
		if err != nil || !slices.Equal(got, []int64{39}) {
			t.Fatalf("a scope of 50,000 organisations lists %v: %v", got, err)
		}
		if text := auth.Only(big...).String(); strings.Contains(text, "39") {
			t.Errorf("the scope writes its list into logs: %s", text)
		}
	}, db.Migration{Name: "rows", SQL: `CREATE TABLE row (organisation BIGINT);`})
}
