package web

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/watch/finding"
)

// exported is a finding as programs outside know it (CONTRACT, JSON keys).
type exported struct {
	ID             string    `json:"id"`
	Organisation   *string   `json:"organisation"`
	Realm          string    `json:"realm"`
	Asset          string    `json:"asset"`
	Kind           string    `json:"kind"`
	Discriminator  string    `json:"discriminator"`
	Severity       string    `json:"severity"`
	State          string    `json:"state"`
	FirstSeen      time.Time `json:"first_seen"`
	LastSeen       time.Time `json:"last_seen"`
	Count          int64     `json:"count"`
	Sources        []string  `json:"sources"`
	TLP            string    `json:"tlp"`
	Rule           string    `json:"rule"`
	Classification string    `json:"classification"`
	Probability    string    `json:"probability,omitempty"`
}

// findingExportRows is how many findings an export reads at a time.
const findingExportRows = 2000

// export reads everything that a filter selects, in the order of the list. Every
// page of it is read under the reader's scope, as the list is.
func (s *Site) export(r *http.Request, f finding.Filter, each func([]exported) error) error {
	var names map[int64]string
	err := s.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		names, err = s.Intake.Names(tx)
		return err
	})
	if err != nil {
		return err
	}
	f.Limit, f.Cursor = findingExportRows, ""
	for {
		list, err := s.Findings.List(r.Context(), who(r), f)
		if err != nil {
			return err
		}
		rows := make([]exported, len(list.Items))
		for i, one := range list.Items {
			rows[i] = s.exported(one, names)
		}
		if err := each(rows); err != nil {
			return err
		}
		if f.Cursor = list.Next; f.Cursor == "" {
			return nil
		}
	}
}

func (s *Site) exported(f finding.Finding, names map[int64]string) exported {
	e := exported{
		ID: f.ID.String(), Realm: f.Realm, Asset: string(f.Asset), Kind: string(f.Kind), Discriminator: f.Discriminator,
		Severity: f.Severity.String(), State: string(f.State), FirstSeen: f.FirstSeen, LastSeen: f.LastSeen, Count: f.Count,
		Sources: []string{}, TLP: f.TLP.String(), Rule: f.Rule, Classification: string(f.Classification), Probability: f.Probability,
	}
	if code := s.Estate.Code(f.Organisation); code != "" {
		e.Organisation = &code
	}
	for _, id := range f.Sources {
		e.Sources = append(e.Sources, names[id])
	}
	return e
}

func (s *Site) findingJSON(w http.ResponseWriter, r *http.Request, f finding.Filter) error {
	begun := false
	err := s.export(r, f, func(rows []exported) error {
		for _, row := range rows {
			lead := ",\n"
			if !begun {
				attach(w, "application/json", "findings.json")
				lead, begun = "[\n", true
			}
			text, err := json.Marshal(row)
			if err != nil {
				return err
			}
			if _, err := w.Write(append([]byte(lead), text...)); err != nil {
				return nil //nolint:nilerr // the reader went away; there is nobody to tell
			}
		}
		return nil
	})
	if err != nil {
		return s.cut(w, r, begun, err)
	}
	if !begun {
		attach(w, "application/json", "findings.json")
		_, _ = w.Write([]byte("["))
	}
	_, _ = w.Write([]byte("\n]\n"))
	return nil
}

func (s *Site) findingCSV(w http.ResponseWriter, r *http.Request, f finding.Filter) error {
	begun := false
	out := csv.NewWriter(w)
	begin := func() {
		if begun {
			return
		}
		begun = true
		attach(w, "text/csv; charset=utf-8", "findings.csv")
		_, _ = w.Write([]byte("\xef\xbb\xbf")) // spreadsheets take a file without it for Windows-1258
		_ = out.Write([]string{
			"id", "organisation", "realm", "asset", "kind", "discriminator", "severity", "state", "first_seen", "last_seen", "count", "sources", "tlp",
			"rule", "classification", "probability",
		})
	}
	err := s.export(r, f, func(rows []exported) error {
		begin()
		for _, e := range rows {
			organisation := ""
			if e.Organisation != nil {
				organisation = *e.Organisation
			}
			line := []string{
				e.ID, organisation, e.Realm, e.Asset, e.Kind, e.Discriminator, e.Severity, e.State, e.FirstSeen.Format(time.RFC3339),
				e.LastSeen.Format(time.RFC3339), strconv.FormatInt(e.Count, 10), strings.Join(e.Sources, " "), e.TLP, e.Rule, e.Classification, e.Probability,
			}
			for i := range line {
				line[i] = inert(line[i])
			}
			_ = out.Write(line)
		}
		out.Flush()
		return nil
	})
	if err != nil {
		return s.cut(w, r, begun, err)
	}
	begin()
	out.Flush()
	return nil
}

// inert keeps a spreadsheet from taking a text of an attacker's for a formula
// (OWASP, CSV Injection).
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func attach(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// cut ends an export that failed. Once bytes are out, a broken connection is the
// only thing that nobody takes for a whole file.
func (s *Site) cut(_ http.ResponseWriter, r *http.Request, begun bool, err error) error {
	if !begun {
		return err
	}
	s.Log.ErrorContext(r.Context(), "export failed", "path", r.URL.Path, "actor", who(r).Name(), "error", err)
	panic(http.ErrAbortHandler)
}
