package estate

import "tocsin/internal/city/estate/sheet"

// Succession is one body taking over another, in full or in part, on a date.
type Succession struct {
	ID       int64  `db:"id" json:"-"`
	From     string `db:"predecessor" json:"from"` // code
	To       string `db:"successor" json:"to"`     // code
	Date     string `db:"date" json:"date"`        // ISO, the first day of the successor
	Share    string `db:"share" json:"share"`      // full or partial
	Revision int64  `db:"touched" json:"revision,omitempty"`
}

// Full is the share of a body that went whole into another.
const Full = "full"

type successionRow struct {
	base
	From  int64  `db:"predecessor" json:"from"`
	To    int64  `db:"successor" json:"to"`
	Date  string `db:"date" json:"date"`
	Share string `db:"share" json:"share"`
}

func successions() noun[successionRow, Succession] {
	return noun[successionRow, Succession]{
		kind: "succession", table: "succession",
		columns: []string{"predecessor", "successor", "date", "share"},
		values:  func(s successionRow) []any { return []any{s.From, s.To, s.Date, s.Share} },
		index:   func(s *successionRow) { s.Key = successionKey(s.From, s.To, s.Date) },
		view: func(b *books, s successionRow) (Succession, error) {
			l := lookup{books: b}
			return Succession{
				ID: s.ID, From: l.organisation(s.From), To: l.organisation(s.To), Date: s.Date, Share: s.Share,
			}, l.err
		},
		subject: func(s Succession) string { return s.From + "→" + s.To + "@" + s.Date },
		holder:  func(s successionRow) int64 { return s.From },
	}
}

func successionKey(from, to int64, date string) string {
	return keyed(number10(from), number10(to), date)
}

func successionFrom(before *successionRow, in sheet.Succession, _ sheet.Sheet, l *lookup) successionRow {
	var s successionRow
	if before != nil {
		s = *before
	}
	s.From, s.To, s.Date, s.Share = l.organisationID(in.From), l.organisationID(in.To), in.Date, in.Share
	return s
}
