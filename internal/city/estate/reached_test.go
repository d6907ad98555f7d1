package estate_test

import (
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/city/estate"
)

func TestReachedAreTheBodiesOfAScopeWithTheirPeopleAndWhatIsVital(t *testing.T) {
	each(t, func(t *testing.T, c city) {
		c.take(`code,name_vi,kind,tier,valid_to
A,Phường A,ward,city,
B,Phường B,ward,city,
CU,Quận cũ,district,city,2025-06-30
DT,Đối tác,partner,private,
`, `organisation,name,email,order
A,Hai,hai@a.example,2
A,Một,mot@a.example,1
`, `code,name_vi,owner,kind,criticality,status
HT-2,Hai,A,website,vital,operating
HT-1,Một,A,website,vital,
HT-3,Ba,A,website,vital,retired
HT-4,Bốn,B,website,important,operating
`)
		reached := func(scope auth.Scope) (all []estate.Reached) {
			err := c.db.Read(t.Context(), func(tx *db.Tx) (err error) {
				all, err = c.Reached(tx, scope)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		all := reached(auth.All())
		if len(all) != 2 || all[0].Organisation.Code != "A" || all[1].Organisation.Code != "B" {
			t.Fatalf("%+v", all)
		}
		if a := all[0]; len(a.Contacts) != 2 || a.Contacts[0].Email != "mot@a.example" || a.Contacts[0].ID == "" || len(a.Vital) != 2 || a.Vital[0] != "HT-1" {
			t.Errorf("%+v", a)
		}
		if b := all[1]; len(b.Contacts) != 0 || len(b.Vital) != 0 {
			t.Errorf("%+v", b)
		}
		if own := reached(c.officer("B").Scope); len(own) != 1 || own[0].Organisation.Code != "B" {
			t.Errorf("%+v", own)
		}
	})
}
