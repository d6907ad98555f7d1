// Package journal keeps what happened, in order, and lets everything else
// follow from it.
//
// Every change of a record appends an entry in the transaction of the change.
// Whatever must follow reads the journal with a named, persisted cursor (see
// Runner); no stage calls another. The same entries are the audit trail, the
// outbox, the live feed and, as leaves of a Merkle tree, the seal (see Verify).
package journal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// An Entry is one thing that happened.
type Entry struct {
	Seq          int64           `json:"seq"`              // from 1, without gaps, in the order of commits
	At           time.Time       `json:"at"`               // when it was written, UTC
	Actor        string          `json:"actor"`            // an e-mail address, "stage:warn", "link:D12"
	Organisation int64           `json:"-"`                // whom it concerns; 0 is nobody in particular
	Subject      string          `json:"subject"`          // "finding:F12"
	Verb         string          `json:"verb"`             // "finding.opened"
	Body         json.RawMessage `json:"body"`             // null once erased
	Erased       string          `json:"erased,omitempty"` // the order that erased the body
}

// A Draft is an entry before it is written. Body is marshalled to JSON.
type Draft struct {
	Actor        string
	Organisation int64
	Subject      string
	Verb         string
	Body         any
	Records      []Record
}

// A Record is the state in which an entry leaves a record. Verify compares the
// last one of each record with what the database holds.
type Record struct {
	Kind string `json:"k"`
	ID   string `json:"id"`
	Hash string `json:"h"` // "" when the entry removes the record
}

// Hash is the hash of a record's journalled fields: those that change only with
// an entry. Counters, which move without one, are left out of the struct.
func Hash(fields any) string {
	text, err := json.Marshal(fields)
	if err != nil {
		panic("journal: a record that is not JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return base64.RawStdEncoding.EncodeToString(sum[:18])
}

// A Journal appends entries and tells who waits that there are some. It is safe
// for concurrent use.
type Journal struct {
	clock  clock.Clock
	mu     sync.Mutex
	news   chan struct{} // closed and replaced at each commit with entries
	latest []fresh       // the last entries of this process, without a gap
}

// New is the journal that takes its times from c.
func New(c clock.Clock) *Journal { return &Journal{clock: c, news: make(chan struct{})} }

// Schema is the journal's schema.
func Schema() []db.Migration {
	return []db.Migration{{Name: "journal", SQL: `CREATE TABLE journal_head (one {{id}}, size BIGINT NOT NULL);
INSERT INTO journal_head (one, size) VALUES (1, 0);
CREATE TABLE journal (
	seq {{id}},
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	organisation BIGINT NOT NULL,
	subject TEXT NOT NULL,
	verb TEXT NOT NULL,
	commitment {{bytes}} NOT NULL);
CREATE INDEX journal_subject ON journal (subject, seq);
CREATE INDEX journal_organisation ON journal (organisation, seq);
CREATE INDEX journal_verb ON journal (verb, seq);
CREATE TABLE journal_body (
	seq {{id}},
	salt {{bytes}},
	body TEXT,
	records TEXT);
CREATE TABLE journal_hash (place {{id}}, hash {{bytes}} NOT NULL);
CREATE TABLE stage_cursor (
	name TEXT PRIMARY KEY,
	at BIGINT NOT NULL,
	lease TEXT NOT NULL);
CREATE TABLE parked (
	stage TEXT NOT NULL,
	seq BIGINT NOT NULL,
	subject TEXT NOT NULL,
	reason TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (stage, seq, subject));
CREATE TABLE alarm (
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	due BIGINT NOT NULL,
	PRIMARY KEY (kind, subject));
CREATE INDEX alarm_due ON alarm (due);`}}
}

// Append writes entries in the caller's transaction and returns the sequence
// number of the last one.
//
// The sequence comes from a head row that the transaction holds, not from a
// SEQUENCE of the database: entries have no gaps, and none can appear behind a
// reader that has already passed its place.
func (j *Journal) Append(tx *db.Tx, drafts ...Draft) (int64, error) {
	if len(drafts) == 0 {
		return 0, errs.New(errs.Internal, "append to the journal: no entry")
	}
	last, err := tx.Int(`UPDATE journal_head SET size = size + $1 WHERE one = 1 RETURNING size`, len(drafts))
	if err != nil {
		return 0, err
	}
	var (
		now     = db.Micros(j.clock.Now())
		seq     = last - int64(len(drafts))
		grown   = hashes{tx: tx, fresh: map[int64]tlog.Hash{}}
		entries = make([]any, 0, len(drafts)*7)
		bodies  = make([]any, 0, len(drafts)*4)
	)
	for _, d := range drafts {
		seq++
		body, err := json.Marshal(d.Body)
		if err != nil {
			return 0, errs.New(errs.Internal, "append %s of %s: %w", d.Verb, d.Subject, err)
		}
		records := []byte("[]")
		if len(d.Records) > 0 {
			if records, err = json.Marshal(d.Records); err != nil {
				return 0, errs.New(errs.Internal, "append %s of %s: %w", d.Verb, d.Subject, err)
			}
		}
		salt := make([]byte, 16)
		_, _ = rand.Read(salt) // it never fails, or ends the program
		commitment := commit(salt, body, records)
		head := header{seq: seq, at: now, actor: d.Actor, organisation: d.Organisation, subject: d.Subject, verb: d.Verb}
		if err := grown.add(seq-1, tlog.RecordHash(head.leaf(commitment))); err != nil {
			return 0, err
		}
		entries = append(entries, seq, now, d.Actor, d.Organisation, d.Subject, d.Verb, commitment)
		bodies = append(bodies, seq, salt, string(body), string(records))
	}
	if err := tx.Bulk(`INSERT INTO journal (seq, at, actor, organisation, subject, verb, commitment) VALUES`, "", 7, entries); err != nil {
		return 0, err
	}
	if err := tx.Bulk(`INSERT INTO journal_body (seq, salt, body, records) VALUES`, "", 4, bodies); err != nil {
		return 0, err
	}
	if err := grown.store(); err != nil {
		return 0, err
	}
	tx.After(func() { j.announce(last, drafts) })
	return last, nil
}

// News is a channel that is closed when entries have been committed by this
// process after the call.
func (j *Journal) News() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.news
}

// fresh is what is known of an entry without reading it.
type fresh struct {
	seq  int64
	verb string
}

// latestEntries is how many of them are kept, at least.
const latestEntries = 512

func (j *Journal) announce(last int64, drafts []Draft) {
	j.mu.Lock()
	defer j.mu.Unlock()
	seq := last - int64(len(drafts))
	if n := len(j.latest); n > 0 && j.latest[n-1].seq != seq {
		j.latest = j.latest[:0] // another process has written in between
	}
	for _, d := range drafts {
		seq++
		j.latest = append(j.latest, fresh{seq: seq, verb: d.Verb})
	}
	if over := len(j.latest) - latestEntries; over >= latestEntries {
		j.latest = slices.Delete(j.latest, 0, over)
	}
	close(j.news)
	j.news = make(chan struct{})
}

// passed says that this process knows all entries from behind after up to one
// later, and that none has a verb of verbs: a stage that waits for these need not
// ask the database. It is not ok where that is not known.
func (j *Journal) passed(after int64, verbs []string) (upTo int64, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := len(j.latest)
	if n == 0 || len(verbs) == 0 || j.latest[0].seq > after+1 || j.latest[n-1].seq <= after {
		return 0, false
	}
	for _, e := range j.latest[after+1-j.latest[0].seq:] {
		if slices.Contains(verbs, e.verb) {
			return 0, false
		}
	}
	return j.latest[n-1].seq, true
}

// Head is the sequence number of the last entry, 0 when there is none.
func Head(tx *db.Tx) (int64, error) { return tx.Int(`SELECT size FROM journal_head WHERE one = 1`) }

// A Query selects entries. The zero value of a field does not restrict.
type Query struct {
	After   int64 // only entries behind this sequence number
	Before  int64 // only entries in front of this sequence number
	Subject string
	Verbs   []string // exact words
	Noun    string   // the verbs of a noun: "finding" is finding.opened and the like
	Actor   string   // who wrote them, in full
	Where   string   // a condition made by auth.Scope on column j.organisation
	Newest  bool     // newest first
	Limit   int
}

// Entries are the entries that q selects, oldest first unless q says otherwise.
func Entries(tx *db.Tx, q Query) ([]Entry, error) {
	var (
		where []string
		args  []any
	)
	arg := func(condition string, value any) {
		args = append(args, value)
		where = append(where, strings.Replace(condition, "?", placeholder(len(args)), 1))
	}
	if q.After > 0 {
		arg("j.seq > ?", q.After)
	}
	if q.Before > 0 {
		arg("j.seq < ?", q.Before)
	}
	if q.Subject != "" {
		arg("j.subject = ?", q.Subject)
	}
	if q.Noun != "" {
		arg("j.verb LIKE ?", q.Noun+".%")
	}
	if q.Actor != "" {
		arg("j.actor = ?", q.Actor)
	}
	if len(q.Verbs) > 0 {
		var words []string
		for _, v := range q.Verbs {
			args = append(args, v)
			words = append(words, placeholder(len(args)))
		}
		where = append(where, "j.verb IN ("+strings.Join(words, ",")+")")
	}
	if q.Where != "" {
		where = append(where, q.Where)
	}
	text := `SELECT j.seq, j.at, j.actor, j.organisation, j.subject, j.verb, b.body FROM journal j JOIN journal_body b ON b.seq = j.seq`
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	if q.Newest {
		text += " ORDER BY j.seq DESC"
	} else {
		text += " ORDER BY j.seq"
	}
	if q.Limit > 0 {
		// Not a parameter: SQLite plans a text anew whenever its limit is bound.
		text += " LIMIT " + strconv.Itoa(q.Limit)
	}
	var rows []struct {
		Seq          int64   `db:"seq"`
		At           int64   `db:"at"`
		Actor        string  `db:"actor"`
		Organisation int64   `db:"organisation"`
		Subject      string  `db:"subject"`
		Verb         string  `db:"verb"`
		Body         *string `db:"body"`
	}
	if err := tx.Select(&rows, text, args...); err != nil {
		return nil, err
	}
	out := make([]Entry, len(rows))
	for i, r := range rows {
		out[i] = Entry{Seq: r.Seq, At: db.Time(r.At), Actor: r.Actor, Organisation: r.Organisation, Subject: r.Subject, Verb: r.Verb}
		if r.Body != nil {
			out[i].Body = json.RawMessage(*r.Body)
		} else {
			out[i].Body, out[i].Erased = json.RawMessage("null"), "erased"
		}
	}
	return out, nil
}

// History is everything that happened to a subject, oldest first.
func (j *Journal) History(tx *db.Tx, subject string) ([]Entry, error) {
	return Entries(tx, Query{Subject: subject})
}

// VerbErased is the entry that an erasure leaves: its body names the order and
// the entries whose bodies are gone.
const VerbErased = "journal.erased"

type erasure struct {
	Order string  `json:"order"`
	Seqs  []int64 `json:"seqs"`
}

// Erase drops the bodies of entries by an order (a court's, a data subject's
// right), and says so in the journal. The seal still holds: what is sealed of a
// body is a salted commitment, and the salt goes with it.
func (j *Journal) Erase(tx *db.Tx, actor, order string, seqs ...int64) error {
	if order == "" {
		return errs.New(errs.Invalid, "erase journal bodies: the order has no number")
	}
	seqs = slices.Clone(seqs)
	slices.Sort(seqs)
	for _, seq := range seqs {
		n, err := tx.Changed(`UPDATE journal_body SET salt = NULL, body = NULL, records = NULL WHERE seq = $1`, seq)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "erase journal entry %d: no such entry", seq)
		}
	}
	_, err := j.Append(tx, Draft{Actor: actor, Subject: "journal", Verb: VerbErased, Body: erasure{Order: order, Seqs: seqs}})
	return err
}

type header struct {
	seq, at, organisation int64
	actor, subject, verb  string
}

// leaf is what the tree seals of an entry: the header as it stands and the
// commitment to its body. Each text carries its length, so that no two headers
// have one form.
func (h header) leaf(commitment []byte) []byte {
	b := []byte("tocsin journal 1\n")
	for _, n := range []int64{h.seq, h.at, h.organisation} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, s := range []string{h.actor, h.subject, h.verb} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return append(b, commitment...)
}

func commit(salt, body, records []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(body))))
	h.Write(body)
	h.Write(records)
	return h.Sum(nil)
}

// hashes are the tree's stored hashes, those in the table and those that the
// running append adds.
type hashes struct {
	tx    *db.Tx
	fresh map[int64]tlog.Hash
	order []int64
}

// ReadHashes gives the stored hashes at places. It is tlog.HashReader.
func (h *hashes) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, place := range places {
		if fresh, ok := h.fresh[place]; ok {
			out[i] = fresh
			continue
		}
		var b []byte
		if err := h.tx.Get(&b, `SELECT hash FROM journal_hash WHERE place = $1`, place); err != nil {
			return nil, err
		}
		copy(out[i][:], b)
	}
	return out, nil
}

func (h *hashes) add(n int64, leaf tlog.Hash) error {
	grown, err := tlog.StoredHashesForRecordHash(n, leaf, h)
	if err != nil {
		return errs.New(errs.Internal, "seal journal entry %d: %w", n+1, err)
	}
	place := tlog.StoredHashIndex(0, n)
	for i, hash := range grown {
		h.fresh[place+int64(i)] = hash
		h.order = append(h.order, place+int64(i))
	}
	return nil
}

func (h *hashes) store() error {
	args := make([]any, 0, len(h.order)*2)
	for _, place := range h.order {
		hash := h.fresh[place]
		args = append(args, place, hash[:])
	}
	return h.tx.Bulk(`INSERT INTO journal_hash (place, hash) VALUES`, "", 2, args)
}
