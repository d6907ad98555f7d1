package estate

import (
	"strconv"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// books tell codes from numbers and numbers from codes, inside one bracket or
// one import. Codes never change and their records are never removed, so what
// was read once stays true.
type books struct {
	tx            *db.Tx
	organisations book
	systems       book
}

type book struct {
	table string
	codes map[int64]string
	ids   map[string]int64
}

func newBooks(tx *db.Tx) *books {
	open := func(table string) book { return book{table: table, codes: map[int64]string{}, ids: map[string]int64{}} }
	return &books{tx: tx, organisations: open("organisation"), systems: open("system")}
}

// readAll fills the books, for an import that would ask for most of it.
func (b *books) readAll() error {
	for _, one := range []*book{&b.organisations, &b.systems} {
		var rows []struct {
			ID   int64  `db:"id"`
			Code string `db:"code"`
		}
		if err := b.tx.Select(&rows, `SELECT id, code FROM `+one.table); err != nil {
			return err
		}
		for _, r := range rows {
			one.learn(r.ID, r.Code)
		}
	}
	return nil
}

func (b *book) learn(id int64, code string) { b.codes[id], b.ids[code] = code, id }

// code is the code of a number, "" of 0.
func (b *books) code(one *book, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	if code, ok := one.codes[id]; ok {
		return code, nil
	}
	var code string
	if err := b.tx.Get(&code, `SELECT code FROM `+one.table+` WHERE id = $1`, id); err != nil {
		return "", err
	}
	one.learn(id, code)
	return code, nil
}

// id is the number of a code, 0 of "". An unknown code is NotFound.
func (b *books) id(one *book, code string) (int64, error) {
	if code == "" {
		return 0, nil
	}
	if id, ok := one.ids[code]; ok {
		return id, nil
	}
	id, err := b.tx.Int(`SELECT id FROM `+one.table+` WHERE code = $1`, code)
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			return 0, errs.New(errs.NotFound, "%s %s: no such code", one.table, code)
		}
		return 0, err
	}
	one.learn(id, code)
	return id, nil
}

func number10(id int64) string { return strconv.FormatInt(id, 10) }

// lookup asks books several times and keeps the first error.
type lookup struct {
	books *books
	err   error
}

func (l *lookup) organisation(id int64) string { return l.code(&l.books.organisations, id) }

func (l *lookup) system(id int64) string { return l.code(&l.books.systems, id) }

func (l *lookup) code(one *book, id int64) string {
	if l.err != nil {
		return ""
	}
	var code string
	code, l.err = l.books.code(one, id)
	return code
}

func (l *lookup) organisationID(code string) int64 { return l.id(&l.books.organisations, code) }

func (l *lookup) systemID(code string) int64 { return l.id(&l.books.systems, code) }

func (l *lookup) id(one *book, code string) int64 {
	if l.err != nil {
		return 0
	}
	var id int64
	id, l.err = l.books.id(one, code)
	return id
}
