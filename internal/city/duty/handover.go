package duty

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
)

// A HandoverID names a handover: H12.
type HandoverID int64

// String is the id as people and faces write it.
func (id HandoverID) String() string { return "H" + strconv.FormatInt(int64(id), 10) }

// ParseHandoverID reads H12; NotFound for what is no such id.
func ParseHandoverID(text string) (HandoverID, error) {
	n, err := parseID("H", text)
	return HandoverID(n), err
}

// A Handover is what one shift tells the next. It is written once and accepted
// once, by somebody else.
type Handover struct {
	ID           HandoverID
	Author       string // As the journal names the writer,
	AuthorName   string // and as people do.
	Text         string
	Written      time.Time
	AcceptedBy   string // "" while nobody has.
	AcceptedName string
	Accepted     time.Time // Zero while nobody has.
}

const selectHandovers = `SELECT id, author, author_name, text, written, accepted_by, accepted_name, accepted FROM duty_handover`

type handoverRow struct {
	ID           int64  `db:"id"`
	Author       string `db:"author"`
	AuthorName   string `db:"author_name"`
	Text         string `db:"text"`
	Written      int64  `db:"written"`
	AcceptedBy   string `db:"accepted_by"`
	AcceptedName string `db:"accepted_name"`
	Accepted     int64  `db:"accepted"`
}

func (r handoverRow) public() Handover {
	return Handover{
		ID: HandoverID(r.ID), Author: r.Author, AuthorName: r.AuthorName, Text: r.Text, Written: db.Time(r.Written),
		AcceptedBy: r.AcceptedBy, AcceptedName: r.AcceptedName, Accepted: db.Time(r.Accepted),
	}
}

func (h Handover) body() any {
	return struct {
		Author   string `json:"author"`
		Name     string `json:"name"`
		Text     string `json:"text"`
		Written  int64  `json:"written"`
		By       string `json:"accepted_by,omitempty"`
		ByName   string `json:"accepted_name,omitempty"`
		Accepted int64  `json:"accepted,omitempty"`
	}{h.Author, h.AuthorName, h.Text, db.Micros(h.Written), h.AcceptedBy, h.AcceptedName, db.Micros(h.Accepted)}
}

func (h Handover) record() journal.Record {
	return journal.Record{Kind: "handover", ID: h.ID.String(), Hash: journal.Hash(h.body())}
}

func (h Handover) draft(a auth.Actor, verb string) journal.Draft {
	return journal.Draft{Actor: a.Name(), Subject: "handover:" + h.ID.String(), Verb: verb, Body: h.body(), Records: []journal.Record{h.record()}}
}

// longestNote is the most that a note holds, in characters: three pages.
const longestNote = 10_000

// WriteHandover leaves a note for whoever comes next.
func (r *Room) WriteHandover(ctx context.Context, a auth.Actor, text string) (Handover, error) {
	if err := mayEdit(a); err != nil {
		return Handover{}, err
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" || utf8.RuneCountInString(text) > longestNote || !storable(text) {
		return Handover{}, errs.At(errs.Invalid, []errs.Place{{Field: "text", Reason: "is empty, no text or too long"}}, "write a handover")
	}
	h := Handover{Author: a.Name(), AuthorName: person(a), Text: text, Written: r.Clock.Now()}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		id, err := tx.NextID("handover", 1)
		if err != nil {
			return err
		}
		h.ID = HandoverID(id)
		if _, err := tx.Exec(`INSERT INTO duty_handover (id, author, author_name, text, written, accepted_by, accepted_name, accepted)
			VALUES ($1, $2, $3, $4, $5, '', '', 0)`, id, h.Author, h.AuthorName, h.Text, db.Micros(h.Written)); err != nil {
			return err
		}
		_, err = r.Journal.Append(tx, h.draft(a, "handover.written"))
		return err
	})
	return h, err
}

// AcceptHandover says that the actor has read the note and has the watch.
// Conflict when somebody has already, or when the actor wrote it.
func (r *Room) AcceptHandover(ctx context.Context, a auth.Actor, id HandoverID) (h Handover, err error) {
	if err := mayEdit(a); err != nil {
		return Handover{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if h, err = handoverOf(tx, id); err != nil {
			return err
		}
		switch {
		case h.AcceptedBy != "":
			return errs.New(errs.Conflict, "accept handover %s: %s has accepted it", id, h.AcceptedBy)
		case h.Author == a.Name():
			return errs.New(errs.Conflict, "accept handover %s: its writer cannot accept it", id)
		}
		h.AcceptedBy, h.AcceptedName, h.Accepted = a.Name(), person(a), r.Clock.Now()
		if _, err := tx.Exec(`UPDATE duty_handover SET accepted_by = $1, accepted_name = $2, accepted = $3 WHERE id = $4`,
			h.AcceptedBy, h.AcceptedName, db.Micros(h.Accepted), int64(id)); err != nil {
			return err
		}
		_, err := r.Journal.Append(tx, h.draft(a, "handover.accepted"))
		return err
	})
	if err != nil {
		return Handover{}, err
	}
	return h, nil
}

// Handover is one handover.
func (r *Room) Handover(ctx context.Context, a auth.Actor, id HandoverID) (h Handover, err error) {
	if err := maySee(a); err != nil {
		return Handover{}, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		h, err = handoverOf(tx, id)
		return err
	})
	return h, err
}

func handoverOf(tx *db.Tx, id HandoverID) (Handover, error) {
	var row handoverRow
	if err := tx.Get(&row, selectHandovers+` WHERE id = $1`, int64(id)); err != nil {
		return Handover{}, err
	}
	return row.public(), nil
}

// Handovers lists the last so many handovers, the newest first.
func (r *Room) Handovers(ctx context.Context, a auth.Actor, limit int) (all []Handover, err error) {
	if err := maySee(a); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []handoverRow
		err := tx.Select(&rows, selectHandovers+` ORDER BY id DESC LIMIT $1`, limit)
		for _, row := range rows {
			all = append(all, row.public())
		}
		return err
	})
	return all, err
}
