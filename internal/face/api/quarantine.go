package api

import (
	"context"
	"strconv"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
)

// Quarantined is a row that could not be read, as CONTRACT has it.
type Quarantined struct {
	ID         string    `json:"id"`
	Document   string    `json:"document"`
	Line       int       `json:"line"`
	Column     int       `json:"column" doc:"Number of the column at fault, from 1; 0 when it is the whole row."`
	Reason     string    `json:"reason"`
	Row        string    `json:"row"`
	Source     string    `json:"source"`
	Field      string    `json:"field" doc:"Name of the column at fault."`
	Fault      row.Fault `json:"fault"`
	Value      string    `json:"value"`
	State      string    `json:"state" enum:"held,released,counted,erased"`
	ReleasedBy *string   `json:"released_by"`
}

func sayQuarantined(q intake.Quarantined) Quarantined {
	return Quarantined{
		ID: q.Label(), Document: "S" + strconv.FormatInt(q.Document, 10), Line: q.Line, Column: q.Column, Reason: q.Reason, Row: q.Raw, Source: q.Source,
		Field: q.Field, Fault: q.Fault, Value: q.Value, State: q.State, ReleasedBy: text(q.ReleasedBy),
	}
}

type quarantineQuery struct {
	Paging
	Document string `query:"document"`
	Source   string `query:"source"`
	State    string `query:"state" enum:"held,released,counted,erased"`
}

type release struct {
	ID   string `path:"id"`
	Body struct {
		Set map[string]string `json:"set,omitempty" doc:"Column, by name or by the number that the row names, to value; row is the whole line."`
	}
}

func (s *server) quarantine() {
	route(s, get("/quarantine", "List quarantined rows"), func(ctx context.Context, who auth.Actor, in *quarantineQuery) (*list[Quarantined], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		f := intake.QuarantineFilter{Source: in.Source, State: in.State, After: after, Limit: in.asked()}
		if in.Document != "" {
			if f.Document, err = intake.ParseDocument(in.Document); err != nil {
				return nil, err
			}
		}
		found, err := s.Intake.Quarantine(ctx, who, f)
		if err != nil {
			return nil, err
		}
		part := cut(found, in.Paging, func(q intake.Quarantined) int64 { return q.ID })
		return listed(each(part.Body.Items, sayQuarantined), part.Body.Next), nil
	})
	route(s, get("/quarantine/{id}", "Show a quarantined row"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Quarantined], error) {
		id, err := intake.ParseQuarantine(in.ID)
		if err != nil {
			return nil, err
		}
		q, err := s.Intake.Held(ctx, who, id)
		return answer(sayQuarantined(q), err)
	})
	route(s, post("/quarantine/{id}/release", "Put a quarantined row right and let it in"), s.release)
}

func (s *server) release(ctx context.Context, who auth.Actor, in *release) (*one[Quarantined], error) {
	id, err := intake.ParseQuarantine(in.ID)
	if err != nil {
		return nil, err
	}
	if err := auth.May(who, auth.QuarantineRelease); err != nil {
		return nil, err
	}
	held, err := s.Intake.Held(ctx, who, id)
	if err != nil {
		return nil, err
	}
	set := make(map[string]string, len(in.Body.Set))
	for column, value := range in.Body.Set {
		if n, err := strconv.Atoi(column); err == nil && n == held.Column && held.Field != "" {
			column = held.Field
		}
		if _, twice := set[column]; twice {
			return nil, errs.At(errs.Invalid, []errs.Place{{Field: column, Reason: "set twice"}}, "release %s: column %s is set twice", in.ID, column)
		}
		set[column] = value
	}
	q, err := s.Intake.Release(ctx, who, id, set)
	return answer(sayQuarantined(q), err)
}
