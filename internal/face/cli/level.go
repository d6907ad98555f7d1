package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"

	"tocsin/internal/base/errs"
)

// levelDecide says which level the systems have whose answers stand in files:
//
//	{"name": "…", "answers": {"kind": ["service"], "users": 12000}, "parts": […]}
type levelDecide struct {
	Files  []string `arg:"" name:"file"`
	Regime string   `enum:",2016,2026" default:"" placeholder:"2016|2026"`
	At     string   `placeholder:"DATE"`
}

// Run asks for each file and prints what the regimes say, the one asked for
// first; the table shows their levels alone.
func (c *levelDecide) Run(s *session) error {
	server, err := s.server()
	if err != nil {
		return err
	}
	var judged []json.RawMessage
	for _, file := range c.Files {
		body, err := c.read(file)
		if err != nil {
			return err
		}
		raw, err := server.ask(s.ctx, http.MethodPost, "/levels/decide", body)
		if err != nil {
			return placed(file, err)
		}
		judged = append(judged, raw)
	}
	if s.JSON || s.JSONL {
		return several(s, judged, nil)
	}
	var rows []levelRow
	for _, raw := range judged {
		more, err := levelRows(raw)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	return several(s, rows, []string{"name", "regime", "level", "citation"})
}

func (c *levelDecide) read(file string) (map[string]any, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, noFile(file, err)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, errs.At(errs.Invalid, []errs.Place{{File: file, Reason: err.Error()}}, "%s: %w", file, err)
	}
	for name, value := range map[string]string{"regime": c.Regime, "at": c.At} {
		if value != "" {
			body[name] = value
		}
	}
	return body, nil
}

// placed names the file in the places of a problem: the server knows no files.
func placed(file string, err error) error {
	if p, ok := errors.AsType[*problem](err); ok {
		for i := range p.Places {
			p.Places[i].File = file
		}
	}
	return err
}

// levelRow is a line of the table for people: what one regime says.
type levelRow struct {
	Name     string `json:"name"`
	Regime   string `json:"regime"`
	Level    int    `json:"level"`
	Citation string `json:"citation"`
}

func levelRows(raw json.RawMessage) ([]levelRow, error) {
	judged, err := decode[struct {
		Name      string
		Decisions []struct {
			Regime  string
			Level   int
			Clauses []struct{ Citation string }
		}
	}](raw, nil)
	if err != nil {
		return nil, err
	}
	var rows []levelRow
	for _, d := range judged.Decisions {
		row := levelRow{Name: judged.Name, Regime: d.Regime, Level: d.Level}
		for i, c := range d.Clauses {
			if i > 0 {
				row.Citation += "; "
			}
			row.Citation += c.Citation
		}
		rows = append(rows, row)
	}
	return rows, nil
}
