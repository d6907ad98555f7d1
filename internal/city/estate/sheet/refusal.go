package sheet

import (
	"embed"
	"io/fs"
	"slices"

	"tocsin/internal/base/i18n"
)

//go:embed texts
var texts embed.FS

// Texts is the catalogue of the refusals, for the program's bundle.
func Texts() fs.FS { return texts }

// A Refusal says why a row or a file is not taken. Line counts the lines of
// the file (in a workbook, the rows of the worksheet) from 1. Column counts
// the columns of a table from 1, and in JSON and in damaged text the
// characters of the line; 0 means the whole row.
type Refusal struct {
	Line, Column int
	Field        string // the column's name, empty when no single one is at fault
	Key          string // of the catalogue, "sheet.…"
	Args         []any  // pairs of name and value for Key
	Reason       string // in plain English, for scripts
}

// A Voice says a text of the catalogue; i18n.Voice is one.
type Voice interface {
	T(key string, pairs ...any) string
}

// Text is the reason in the reader's language.
func (r Refusal) Text(v Voice) string { return v.T(r.Key, r.Args...) }

// A flaw is what is wrong with a value, before it is known where it stands.
type flaw struct {
	key  string
	args []any
}

func wrong(key string, args ...any) *flaw { return &flaw{key: key, args: args} }

// refusal places a flaw. Every text may name {field} and whatever args pairs.
func refusal(line, column int, field, key string, args ...any) Refusal {
	return Refusal{Line: line, Column: column, Field: field, Key: key, Args: append([]any{"field", field}, args...)}
}

// inEnglish fills the Reason of every refusal.
func inEnglish(sheets []Sheet) {
	if !slices.ContainsFunc(sheets, func(s Sheet) bool { return len(s.Refused) > 0 }) {
		return // The voice costs more than reading a short file.
	}
	voice := englishVoice()
	for _, s := range sheets {
		for i, r := range s.Refused {
			s.Refused[i].Reason = r.Text(voice)
		}
	}
}

func englishVoice() Voice {
	b := i18n.New()
	if err := b.Add(texts); err != nil {
		panic("sheet: its own texts are sound: " + err.Error())
	}
	return b.In(i18n.English)
}
