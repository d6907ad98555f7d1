package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/city/duty"
)

// Shift is a person on duty from a time to a time.
type Shift struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Phone string    `json:"phone"`
	Level int       `json:"level" doc:"1 is called first."`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

func sayShift(x duty.Shift) Shift {
	return Shift{ID: x.ID.String(), Name: x.Name, Email: x.Email, Phone: x.Phone, Level: x.Level, From: x.From, To: x.To}
}

// newShift is a shift as somebody plans it.
type newShift struct {
	Name  string    `json:"name"`
	Email string    `json:"email,omitempty"`
	Phone string    `json:"phone,omitempty"`
	Level int       `json:"level,omitempty" minimum:"0" maximum:"9" doc:"1 where it is not given."`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

func (n newShift) plan() duty.Plan {
	return duty.Plan{Name: n.Name, Email: n.Email, Phone: n.Phone, Level: max(1, n.Level), From: n.From, To: n.To}
}

// Watch is who is on duty now and who comes next.
type Watch struct {
	Now  []Shift `json:"now" nullable:"false"`
	Next []Shift `json:"next" nullable:"false"`
}

// Handover is what one shift tells the next.
type Handover struct {
	ID         string     `json:"id"`
	Author     string     `json:"author"`
	Text       string     `json:"text"`
	Written    *time.Time `json:"written"`
	AcceptedBy *string    `json:"accepted_by"`
	Accepted   *time.Time `json:"accepted"`
}

func sayHandover(h duty.Handover) Handover {
	return Handover{ID: h.ID.String(), Author: h.Author, Text: h.Text, Written: instant(h.Written), AcceptedBy: text(h.AcceptedBy), Accepted: instant(h.Accepted)}
}

// Call is a line of the call sheet.
type Call struct {
	ID           string      `json:"id"`
	About        string      `json:"about" doc:"As the journal names it: warning:W4."`
	Organisation *string     `json:"organisation"`
	Name         string      `json:"name"`
	Phone        string      `json:"phone"`
	Email        string      `json:"email"`
	Reason       duty.Reason `json:"reason"`
	Detail       string      `json:"detail"`
	Urgency      int         `json:"urgency" doc:"0 is called first."`
	Due          *time.Time  `json:"due"`
	State        duty.State  `json:"state"`
	Note         string      `json:"note"`
}

func (s *server) sayCall(c duty.Call) Call {
	return Call{
		ID: c.ID.String(), About: c.About, Organisation: s.code(c.Organisation), Name: c.Name, Phone: c.Phone, Email: c.Email, Reason: c.Reason,
		Detail: c.Detail, Urgency: c.Urgency, Due: instant(c.Due), State: c.State, Note: c.Note,
	}
}

type shiftQuery struct {
	Paging
	From string `query:"from" doc:"Shifts that end after it; now where it is not given."`
	To   string `query:"to" doc:"Shifts that begin before it; 60 days later where it is not given."`
}

type callDone struct {
	ID   string `path:"id"`
	Body struct {
		State string `json:"state" enum:"reached,unreached,wrong-number"`
		Note  string `json:"note,omitempty"`
	}
}

func (s *server) duty() {
	route(s, get("/duty", "Show who is on duty"), func(ctx context.Context, who auth.Actor, _ *none) (*one[Watch], error) {
		w, err := s.Duty.Watch(ctx, who, s.Clock.Now())
		return answer(Watch{Now: each(w.Now, sayShift), Next: each(w.Next, sayShift)}, err)
	})
	s.shifts()
	s.handovers()
	s.calls()
}

func (s *server) shifts() {
	route(s, get("/shifts", "List shifts"), s.roster)
	route(s, get("/shifts/{id}", "Show a shift"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Shift], error) {
		id, err := duty.ParseShiftID(in.ID)
		if err != nil {
			return nil, err
		}
		x, err := s.Duty.Shift(ctx, who, id)
		return answer(sayShift(x), err)
	})
	add := post("/shifts", "Plan shifts, all of them or none")
	add.DefaultStatus = http.StatusCreated
	route(s, add, func(ctx context.Context, who auth.Actor, in *struct {
		Body []newShift `nullable:"false" minItems:"1" maxItems:"1000"`
	},
	) (*list[Shift], error) {
		made, err := s.Duty.AddShifts(ctx, who, each(in.Body, newShift.plan)...)
		if err != nil {
			return nil, err
		}
		return listed(each(made, sayShift), ""), nil
	})
	route(s, patch("/shifts/{id}", "Change a shift"), func(ctx context.Context, who auth.Actor, in *struct {
		Named
		Body newShift
	},
	) (*one[Shift], error) {
		id, err := duty.ParseShiftID(in.ID)
		if err != nil {
			return nil, err
		}
		x, err := s.Duty.ChangeShift(ctx, who, id, in.Body.plan())
		return answer(sayShift(x), err)
	})
	route(s, remove("/shifts/{id}", "Take back a shift"), func(ctx context.Context, who auth.Actor, in *Named) (*none, error) {
		id, err := duty.ParseShiftID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, s.Duty.RemoveShift(ctx, who, id)
	})
}

func (s *server) roster(ctx context.Context, who auth.Actor, in *shiftQuery) (*list[Shift], error) {
	from, err := s.since(in.From)
	if err != nil {
		return nil, err
	}
	if from.IsZero() {
		from = s.Clock.Now()
	}
	to, err := s.until("to", in.To)
	if err != nil {
		return nil, err
	}
	if to.IsZero() {
		to = from.AddDate(0, 0, 60)
	}
	found, err := s.Duty.Roster(ctx, who, from, to)
	if err != nil {
		return nil, err
	}
	sortBy(found, func(x duty.Shift) int64 { return int64(x.ID) })
	part, err := through(found, in.Paging, func(x duty.Shift) int64 { return int64(x.ID) })
	if err != nil {
		return nil, err
	}
	return listed(each(part.Body.Items, sayShift), part.Body.Next), nil
}

func (s *server) handovers() {
	route(s, get("/handovers", "List handovers"), func(ctx context.Context, who auth.Actor, in *Paging) (*list[Handover], error) {
		const all = 1 << 20
		found, err := s.Duty.Handovers(ctx, who, all)
		if err != nil {
			return nil, err
		}
		sortBy(found, func(h duty.Handover) int64 { return int64(h.ID) })
		part, err := through(found, *in, func(h duty.Handover) int64 { return int64(h.ID) })
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, sayHandover), part.Body.Next), nil
	})
	route(s, get("/handovers/{id}", "Show a handover"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Handover], error) {
		id, err := duty.ParseHandoverID(in.ID)
		if err != nil {
			return nil, err
		}
		h, err := s.Duty.Handover(ctx, who, id)
		return answer(sayHandover(h), err)
	})
	route(s, post("/handovers", "Leave a note for whoever comes next"), func(ctx context.Context, who auth.Actor, in *struct {
		Body struct {
			Text string `json:"text"`
		}
	},
	) (*one[Handover], error) {
		h, err := s.Duty.WriteHandover(ctx, who, in.Body.Text)
		return answer(sayHandover(h), err)
	})
	route(s, post("/handovers/{id}/accept", "Take over the watch"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Handover], error) {
		id, err := duty.ParseHandoverID(in.ID)
		if err != nil {
			return nil, err
		}
		h, err := s.Duty.AcceptHandover(ctx, who, id)
		return answer(sayHandover(h), err)
	})
}

type callQuery struct {
	Paging
	About string `query:"about" doc:"All calls about a subject, open or not: warning:W4, or W4."`
}

func (s *server) calls() {
	route(s, get("/calls", "List the call sheet"), func(ctx context.Context, who auth.Actor, in *callQuery) (*list[Call], error) {
		var found []duty.Call
		var err error
		if in.About == "" {
			found, err = s.Duty.Sheet(ctx, who)
		} else {
			found, err = s.Duty.CallsAbout(ctx, who, about(in.About))
		}
		if err != nil {
			return nil, err
		}
		sortBy(found, func(c duty.Call) int64 { return int64(c.ID) })
		part, err := through(found, in.Paging, func(c duty.Call) int64 { return int64(c.ID) })
		if err != nil {
			return nil, err
		}
		return listed(each(part.Body.Items, s.sayCall), part.Body.Next), nil
	})
	route(s, get("/calls/{id}", "Show a line of the call sheet"), func(ctx context.Context, who auth.Actor, in *Named) (*one[Call], error) {
		id, err := duty.ParseCallID(in.ID)
		if err != nil {
			return nil, err
		}
		c, err := s.Duty.Call(ctx, who, id)
		return answer(s.sayCall(c), err)
	})
	route(s, post("/calls/{id}", "Record what came of a call"), func(ctx context.Context, who auth.Actor, in *callDone) (*one[Call], error) {
		id, err := duty.ParseCallID(in.ID)
		if err != nil {
			return nil, err
		}
		c, err := s.Duty.RecordCall(ctx, who, id, duty.Outcome{State: duty.State(in.Body.State), Note: in.Body.Note})
		return answer(s.sayCall(c), err)
	})
}

// about is the subject of a warning's id.
func about(text string) string {
	if digits, ok := strings.CutPrefix(text, "W"); ok {
		if _, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return "warning:" + text
		}
	}
	return text
}
