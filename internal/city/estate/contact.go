package estate

import (
	"cmp"
	"strings"

	"tocsin/internal/base/db"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/sheet"
)

// Contact is a person or a role mailbox of an organisation.
type Contact struct {
	Number       int64  `db:"id" json:"-"`
	ID           ID     `db:"-" json:"id"`
	Organisation string `db:"organisation" json:"organisation"` // code
	Name         string `db:"name" json:"name"`
	Email        string `db:"email" json:"email"`
	Phone        string `db:"phone" json:"phone"`
	Role         string `db:"role" json:"role"`
	Language     string `db:"language" json:"language"` // vi or en
	Order        int    `db:"rank" json:"order"`        // 1 is asked first; several may share it
	Hours        string `db:"hours" json:"hours"`       // see ParseHours; "" is not known
	// PGP and SMIME are the armoured key and the PEM certificate for mail to
	// this contact, "" for none.
	PGP   string `db:"pgp" json:"pgp,omitempty"`
	SMIME string `db:"smime" json:"smime,omitempty"`
	// Person says whether this is an individual, "yes", who may receive what is
	// for individuals alone, or a mailbox that several read, "no"; "" is not said.
	Person string `db:"person" json:"person,omitempty"`
	// Keys is what the keys say of themselves; ShowContact and PutContact fill it.
	Keys     []ContactKey `db:"-" json:"keys,omitempty"`
	Revision int64        `db:"touched" json:"revision,omitempty"`
}

type contactRow struct {
	base
	Organisation int64  `db:"organisation" json:"organisation"`
	Name         string `db:"name" json:"name"`
	Email        string `db:"email" json:"email"`
	Phone        string `db:"phone" json:"phone"`
	Role         string `db:"role" json:"role"`
	Language     string `db:"language" json:"language"`
	Order        int    `db:"rank" json:"order"`
	Hours        string `db:"hours" json:"hours"`
	PGP          string `db:"pgp" json:"pgp"`
	SMIME        string `db:"smime" json:"smime"`
	Person       string `db:"person" json:"person,omitempty"`
}

func contacts() noun[contactRow, Contact] {
	return noun[contactRow, Contact]{
		kind: "contact", table: "contact",
		columns: []string{"organisation", "name", "email", "phone", "role", "language", "rank", "hours", "pgp", "smime", "person"},
		values: func(c contactRow) []any {
			return []any{c.Organisation, c.Name, c.Email, c.Phone, c.Role, c.Language, c.Order, c.Hours, c.PGP, c.SMIME, c.Person}
		},
		index: func(c *contactRow) {
			c.Key = contactKey(c.Organisation, c.Email)
			c.Search = found(c.Name, c.Email, c.Role, c.Phone)
			c.Sort = i18n.SortKey(c.Name)
		},
		view: func(b *books, c contactRow) (Contact, error) {
			l := lookup{books: b}
			return Contact{
				Number: c.ID, ID: contactID(c.ID), Organisation: l.organisation(c.Organisation), Name: c.Name,
				Email: c.Email, Phone: c.Phone, Role: c.Role, Language: c.Language, Order: c.Order, Hours: c.Hours,
				PGP: c.PGP, SMIME: c.SMIME, Person: c.Person,
			}, l.err
		},
		subject: func(c Contact) string { return string(c.ID) },
		holder:  func(c contactRow) int64 { return c.Organisation },
	}
}

// contactKey holds the address in lower case: mail systems tell no case apart,
// whatever RFC 5321 allows the part before the @.
func contactKey(organisation int64, email string) string {
	return keyed(number10(organisation), strings.ToLower(email))
}

// contactFrom leaves out no order and no language: who says nothing is asked
// first and in Vietnamese.
func contactFrom(before *contactRow, in sheet.Contact, s sheet.Sheet, l *lookup) contactRow {
	var c contactRow
	if before != nil {
		c = *before
	}
	c.Organisation, c.Name, c.Email = l.organisationID(in.Organisation), in.Name, in.Email
	set(s, "phone", &c.Phone, in.Phone)
	set(s, "role", &c.Role, in.Role)
	set(s, "language", &c.Language, in.Language)
	set(s, "order", &c.Order, in.Order)
	set(s, "hours", &c.Hours, in.Hours)
	set(s, "person", &c.Person, in.Person)
	c.Order, c.Language = cmp.Or(c.Order, 1), cmp.Or(c.Language, i18n.Vietnamese)
	return c
}

// Contacts are an organisation's contacts in the order in which they are
// asked; none is no error.
func (r *Room) Contacts(tx *db.Tx, organisation int64) ([]Contact, error) {
	var found []Contact
	err := tx.Select(&found, `SELECT `+contactColumns+contactTables+` WHERE r.organisation = $1 ORDER BY r.rank, r.id`, organisation)
	for i := range found {
		found[i].ID = contactID(found[i].Number)
	}
	return found, err
}

// ContactsInOrder are an organisation's contacts in groups that are asked
// together: the lowest order first.
func (r *Room) ContactsInOrder(tx *db.Tx, organisation int64) ([][]Contact, error) {
	all, err := r.Contacts(tx, organisation)
	if err != nil {
		return nil, err
	}
	var groups [][]Contact
	for i, c := range all {
		if i == 0 || all[i-1].Order != c.Order {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], c)
	}
	return groups, nil
}
