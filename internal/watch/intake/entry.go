package intake

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/row"
)

// The report types of what an analyst types in. They are the centre's own:
// nobody hands in a document of them.
const (
	EntryProblems   = "entry"            // problems at addresses of ours
	EntryIndicators = "entry-indicators" // patterns of trouble outside
	EntryLetter     = "letter"           // the partner's letter, which people read
)

// Typed says whether a report type is of what an analyst typed. What a person
// copied from a letter saw nothing itself: it witnesses no mending.
func Typed(reportType string) bool {
	return slices.Contains([]string{EntryProblems, EntryIndicators, EntryLetter}, reportType)
}

// LetterBytes is the largest letter that is kept.
const LetterBytes = 32_000_000

// entryRows is how many rows one letter may bring.
const entryRows = 1000

// An EntryRow is a line of a letter, as an analyst types it.
type EntryRow struct {
	What     string // an address, a network, a domain, a URL; of an indicator a hash too
	Kind     string // of finding, or Indicators
	At       string // when it was seen, in the forms of row.Instant; may be empty for an indicator
	Port     string
	Protocol string
	Severity string // "" is the kind's
	Name     string // malware family, CVE, signature
	Note     string // kept with the row, read by people
}

// An Entry is what a partner's letter says.
type Entry struct {
	Source    string
	Reference string // number and date of the letter, or who said it and when
	Rows      []EntryRow
	Letter    io.Reader // nil: there is none
	File      string    // the letter's name
}

// An EntryFault is what is wrong with a field of a row, counted from 0.
type EntryFault struct {
	Row     int
	Field   string // what, kind, at, port, severity
	Refusal row.Refusal
}

// Place is the fault as errors name it.
func (f EntryFault) Place() errs.Place {
	return errs.Place{Field: "rows." + strconv.Itoa(f.Row) + "." + f.Field, Reason: f.Refusal.Error()}
}

// entryColumns are the columns of the documents that entries become.
func entryColumns() []string {
	return []string{"what", "kind", "at", "port", "protocol", "severity", "name", "note", "typed", "reference"}
}

// entryMapping is how those columns are read, whatever the source's own mapping.
func entryMapping(reportType string) string {
	if reportType == EntryIndicators {
		return `{"delimiter":",","fields":{"indicator":{"column":"what"},"at":{"column":"at"},"severity":{"column":"severity"},"cause":{"column":"name"}}}`
	}
	return `{"delimiter":",","fields":{"asset":{"column":"what"},"kind":{"column":"kind"},"at":{"column":"at"},"port":{"column":"port"},
		"protocol":{"column":"protocol"},"severity":{"column":"severity"},"discriminator":{"column":"name"}}}`
}

// entryParser reads what an analyst typed.
func entryParser(reportType string, zone *time.Location, received time.Time) (row.Parser, error) {
	m, err := csvmap.ParseMapping([]byte(entryMapping(reportType)))
	if err != nil {
		return nil, err
	}
	return csvmap.New(m, csvmap.Options{Indicators: reportType == EntryIndicators, Zone: zone, At: received})
}

// CheckEntry says everything that is wrong with the rows of an entry; zone is
// that of times that name none.
func CheckEntry(rows []EntryRow, zone *time.Location) (faults []EntryFault) {
	for i, e := range rows {
		amiss := func(field string, err error) {
			refusal, ok := errors.AsType[*row.Refusal](err)
			if !ok {
				refusal = &row.Refusal{Fault: row.FaultValue, Detail: err.Error()}
			}
			faults = append(faults, EntryFault{Row: i, Field: field, Refusal: row.Refusal{Fault: refusal.Fault, Value: refusal.Value, Detail: refusal.Detail}})
		}
		if _, err := e.thing(); err != nil {
			amiss("what", err)
		}
		if e.Kind != Indicators {
			if e.Kind == "" {
				amiss("kind", &row.Refusal{Fault: row.FaultEmpty})
			} else if _, err := row.ParseKind(e.Kind); err != nil {
				amiss("kind", err)
			}
			if e.At == "" {
				amiss("at", &row.Refusal{Fault: row.FaultEmpty})
			}
		}
		if e.At != "" {
			if _, err := row.Instant([]byte(e.At), zone); err != nil {
				amiss("at", err)
			}
		}
		if e.Port != "" {
			if n, err := strconv.ParseUint(e.Port, 10, 16); err != nil || n == 0 {
				amiss("port", &row.Refusal{Fault: row.FaultNumber, Value: e.Port})
			}
		}
		if e.Severity != "" {
			if _, err := row.ParseSeverity(e.Severity); err != nil {
				amiss("severity", &row.Refusal{Fault: row.FaultValue, Value: e.Severity})
			}
		}
	}
	return faults
}

// thing is what a row is about, in its canonical form.
func (e EntryRow) thing() (string, error) {
	text := row.Refang(strings.TrimSpace(e.What))
	if text == "" {
		return "", &row.Refusal{Fault: row.FaultEmpty}
	}
	if e.Kind != Indicators {
		if a, err := row.ParseAsset(text); err == nil {
			return string(a), nil
		}
	}
	found, err := row.RecogniseIndicator(text)
	if err != nil || e.Kind == Indicators {
		return found.Value, err
	}
	asset, err := found.Asset()
	return string(asset), err
}

// table is the rows of a report type as the document that they become.
func (e Entry) table(reportType string) ([]byte, error) {
	var out bytes.Buffer
	lines := csv.NewWriter(&out)
	records := [][]string{entryColumns()}
	for _, r := range e.Rows {
		if (r.Kind == Indicators) != (reportType == EntryIndicators) {
			continue
		}
		what, err := r.thing()
		if err != nil {
			return nil, err
		}
		record := []string{what, r.Kind, r.At, r.Port, r.Protocol, r.Severity, r.Name, r.Note, r.What, e.Reference}
		for i := range record {
			record[i] = strings.Join(strings.Fields(record[i]), " ")
		}
		records = append(records, record)
	}
	if len(records) == 1 {
		return nil, nil
	}
	if err := lines.WriteAll(records); err != nil {
		return nil, errs.New(errs.Internal, "write down what was typed: %w", err)
	}
	return out.Bytes(), nil
}

// Enter takes in what an analyst typed from a partner's letter: a document of
// its problems, another of its indicators, and the letter as it came, which both
// name. They are stored together or not at all, and read like any delivery. The
// documents come in that order, those there is nothing for left out. Errors:
// Denied, NotFound, TooLarge, Invalid with the places rows.N.FIELD, reference
// and letter.
func (r *Room) Enter(ctx context.Context, who auth.Actor, e Entry) (made []Document, err error) {
	if err := auth.May(who, auth.DocumentEnter); err != nil {
		return nil, err
	}
	source, err := r.Source(ctx, who, e.Source)
	if err != nil {
		return nil, err
	}
	if err := e.check(source); err != nil {
		return nil, err
	}
	var letter *blob.Received
	if e.Letter != nil {
		if letter, err = r.letter(ctx, e); err != nil {
			return nil, err
		}
		defer letter.Drop()
	}
	stem := "entry-" + r.Clock.Now().Format("20060102T150405")
	type typed struct {
		reportType string
		original   *blob.Received
	}
	var all []typed
	for _, t := range []string{EntryProblems, EntryIndicators} {
		text, err := e.table(t)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		original, err := r.Blobs.Receive(ctx, bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		defer original.Drop()
		all = append(all, typed{t, original})
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		made = nil
		var of Document
		if letter != nil {
			if of, _, err = r.keep(tx, who, source, Delivery{File: e.File, ReportType: EntryLetter}, letter); err != nil {
				return err
			}
		}
		for _, t := range all {
			doc, again, err := r.keep(tx, who, source, Delivery{File: stem + "-" + t.reportType + ".csv", ReportType: t.reportType, letter: of.ID}, t.original)
			if err != nil {
				return err
			}
			if again {
				return errs.New(errs.Conflict, "enter for %s: these very lines are %s already", source.Name, doc.Label())
			}
			made = append(made, doc)
		}
		if letter != nil {
			made = append(made, of)
		}
		return nil
	})
	return made, err
}

func (e Entry) check(source Source) error {
	var places []errs.Place
	if strings.TrimSpace(e.Reference) == "" {
		places = append(places, errs.Place{Field: "reference", Reason: "say which letter, or who said it"})
	}
	if len(e.Rows) == 0 || len(e.Rows) > entryRows {
		places = append(places, errs.Place{Field: "rows", Reason: fmt.Sprintf("want between 1 and %d rows", entryRows)})
	}
	zone, err := time.LoadLocation(source.Zone)
	if err != nil {
		return errs.New(errs.Invalid, "source %s: zone %q: %w", source.Name, source.Zone, err)
	}
	for _, f := range CheckEntry(e.Rows, zone) {
		places = append(places, f.Place())
	}
	if len(places) > 0 {
		return errs.At(errs.Invalid, places, "enter for %s: %s", source.Name, places[0])
	}
	return nil
}

// letter takes a letter in, if it is one.
func (r *Room) letter(ctx context.Context, e Entry) (*blob.Received, error) {
	wrong := func(code errs.Code, reason string) error {
		return errs.At(code, []errs.Place{{Field: "letter", Reason: reason}}, "enter for %s: letter %q: %s", e.Source, e.File, reason)
	}
	text, err := io.ReadAll(io.LimitReader(e.Letter, LetterBytes+1))
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(e.File)
	switch {
	case len(text) > LetterBytes:
		return nil, wrong(errs.TooLarge, fmt.Sprintf("it is larger than %d bytes", LetterBytes))
	case bytes.HasPrefix(text, []byte("%PDF-")) && strings.HasSuffix(name, ".pdf"):
	case bytes.HasPrefix(text, []byte("PK\x03\x04")) && strings.HasSuffix(name, ".docx"):
	default:
		return nil, wrong(errs.Invalid, "want a PDF or DOCX file")
	}
	return r.Blobs.Receive(ctx, bytes.NewReader(text))
}

// EntriesOf are the documents that were typed from a letter, for its page.
func (r *Room) EntriesOf(ctx context.Context, who auth.Actor, letter int64) (out []Document, err error) {
	if err := auth.May(who, auth.DocumentView); err != nil {
		return nil, err
	}
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		out, err = documents(tx, `d.letter = $1 AND `+mine(who, "s.organisation")+` ORDER BY d.id`, letter)
		return err
	})
	return out, err
}
