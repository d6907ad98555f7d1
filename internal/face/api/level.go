package api

import (
	"context"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/regime"
	"tocsin/internal/govern/level"
)

// LevelOption is one answer to a question of the questionnaire of levels.
type LevelOption struct {
	Code   string `json:"code"`
	TextVi string `json:"text_vi"`
	TextEn string `json:"text_en"`
}

// LevelQuestion is a question by which a system's level is decided.
type LevelQuestion struct {
	Code     string              `json:"code"`
	Group    string              `json:"group" doc:"system, service, scope, harm"`
	Kind     regime.QuestionKind `json:"kind" doc:"one option, many options, or a number"`
	Required bool                `json:"required"`
	Role     string              `json:"role" doc:"criterion, or definition: asked to compare with the law's definition only"`
	Regimes  []string            `json:"regimes" nullable:"false"`
	Needs    regime.Condition    `json:"needs,omitempty" doc:"It is asked only where these answers were given."`
	TextVi   string              `json:"text_vi"`
	TextEn   string              `json:"text_en"`
	HintVi   string              `json:"hint_vi"`
	HintEn   string              `json:"hint_en"`
	Options  []LevelOption       `json:"options" nullable:"false" doc:"Of one from the mildest on; the first is taken where nobody answered."`
	Citation string              `json:"citation"`
	Mark     regime.Mark         `json:"mark"`
}

// LevelPart is a system, or a part of one, with its answers.
type LevelPart struct {
	Name    string         `json:"name,omitempty"`
	Answers map[string]any `json:"answers,omitempty" doc:"By the question's code: an option, a list of options, or a number."`
}

// LevelAsked is a system whose level is asked for.
type LevelAsked struct {
	LevelPart

	Parts  []LevelPart `json:"parts,omitempty" doc:"Component systems: the highest decides."`
	Regime string      `json:"regime,omitempty" doc:"2016 or 2026; the one in force where it is missing."`
	At     string      `json:"at,omitempty" doc:"The day, or RFC 3339; now where it is missing."`
}

// LevelClause is a provision that decided, or that holds besides.
type LevelClause struct {
	Rule     string        `json:"rule" doc:"Its name among the rules of the regime."`
	Level    int           `json:"level,omitempty"`
	Article  string        `json:"article"`
	Clause   string        `json:"clause"`
	Point    string        `json:"point"`
	TextVi   string        `json:"text_vi"`
	TextEn   string        `json:"text_en"`
	NoteVi   string        `json:"note_vi,omitempty"`
	NoteEn   string        `json:"note_en,omitempty"`
	Part     string        `json:"part,omitempty"`
	Because  []LevelAnswer `json:"because" nullable:"false"`
	Citation string        `json:"citation"`
	Mark     regime.Mark   `json:"mark"`
}

// LevelAnswer is what was answered to a question.
type LevelAnswer struct {
	Question string   `json:"question"`
	Given    []string `json:"given" nullable:"false"`
}

// LevelAlternative is another answer that would give another level.
type LevelAlternative struct {
	Question string   `json:"question"`
	From     []string `json:"from" nullable:"false"`
	To       []string `json:"to" nullable:"false"`
	Level    int      `json:"level"`
	Part     string   `json:"part,omitempty"`
}

// LevelApproval says who appraises and who approves.
type LevelApproval struct {
	Scope       string      `json:"scope" doc:"Empty: all others; military, police, cipher."`
	AppraiserVi string      `json:"appraiser_vi"`
	AppraiserEn string      `json:"appraiser_en"`
	ApproverVi  string      `json:"approver_vi"`
	ApproverEn  string      `json:"approver_en"`
	Appraise    string      `json:"appraise" doc:"none where the law sets no limit"`
	Approve     string      `json:"approve"`
	Citation    string      `json:"citation"`
	Mark        regime.Mark `json:"mark"`
}

// LevelPartDecision is the level of one part.
type LevelPartDecision struct {
	Name    string        `json:"name"`
	Level   int           `json:"level"`
	Clauses []LevelClause `json:"clauses" nullable:"false"`
}

// LevelDecision is the level under one regime, and why.
type LevelDecision struct {
	Regime       string              `json:"regime"`
	RegimeVi     string              `json:"regime_vi"`
	RegimeEn     string              `json:"regime_en"`
	InForce      bool                `json:"in_force"`
	Level        int                 `json:"level" doc:"1 to 5; 0 where no criterion holds and a person must decide."`
	Clauses      []LevelClause       `json:"clauses" nullable:"false" doc:"The criteria that decided."`
	Also         []LevelClause       `json:"also" nullable:"false" doc:"Criteria of lower levels that hold too."`
	Rules        []LevelClause       `json:"rules" nullable:"false" doc:"The principles that were applied."`
	Assumed      []string            `json:"assumed" nullable:"false" doc:"Questions that nobody answered: the mildest answer was taken."`
	Alternatives []LevelAlternative  `json:"alternatives" nullable:"false"`
	Defined      int                 `json:"defined" doc:"The level of the law's own definition by harm, 0 where nobody said; it does not decide."`
	DefinedBy    []LevelClause       `json:"defined_by" nullable:"false"`
	Parts        []LevelPartDecision `json:"parts" nullable:"false"`
	Approvals    []LevelApproval     `json:"approvals" nullable:"false"`
}

// LevelJudgement is what each regime says of a system, the one asked for first.
type LevelJudgement struct {
	Name      string          `json:"name"`
	Regime    string          `json:"regime"`
	Level     int             `json:"level"`
	Decisions []LevelDecision `json:"decisions" nullable:"false"`
}

func (s *server) levels() {
	route(s, get("/levels/questions", "List the questions by which a system's level is decided"), func(_ context.Context, who auth.Actor, _ *none) (*list[LevelQuestion], error) {
		if err := auth.May(who, auth.RegimeView); err != nil {
			return nil, err
		}
		return listed(each(s.Regime.Questions(""), sayLevelQuestion), ""), nil
	})
	route(s, post("/levels/decide", "Decide a system's level; nothing is kept"), func(_ context.Context, who auth.Actor, in *struct{ Body LevelAsked }) (*one[LevelJudgement], error) {
		if err := auth.May(who, auth.RegimeView); err != nil {
			return nil, err
		}
		return answer(s.judge(in.Body))
	})
}

func (s *server) judge(asked LevelAsked) (LevelJudgement, error) {
	at := s.Clock.Now()
	if asked.At != "" {
		var err error
		if at, err = time.ParseInLocation(time.DateOnly, asked.At, s.Regime.Zone()); err != nil {
			if at, err = time.Parse(time.RFC3339, asked.At); err != nil {
				return LevelJudgement{}, field("at", "%q is no date", asked.At)
			}
		}
	}
	laws, err := level.Laws(s.Regime, asked.Regime, at)
	if errs.Is(err, errs.NotFound) {
		return LevelJudgement{}, field("regime", "%q is no regime of levels", asked.Regime)
	}
	if err != nil {
		return LevelJudgement{}, err
	}
	system, err := levelSystem(asked)
	if err != nil {
		return LevelJudgement{}, err
	}
	if err := level.Check(s.Regime.Questions(""), system); err != nil {
		return LevelJudgement{}, err
	}
	decisions := level.Compare(laws, system)
	return LevelJudgement{Name: system.Name, Regime: decisions[0].Regime.Code, Level: decisions[0].Level, Decisions: each(decisions, sayDecision)}, nil
}

func levelSystem(asked LevelAsked) (level.System, error) {
	answers, err := level.Read(asked.Answers)
	if err != nil {
		return level.System{}, err
	}
	system := level.System{Name: asked.Name, Answers: answers}
	for _, p := range asked.Parts {
		answers, err := level.Read(p.Answers)
		if err != nil {
			return level.System{}, err
		}
		system.Parts = append(system.Parts, level.System{Name: p.Name, Answers: answers})
	}
	return system, nil
}

func sayLevelQuestion(q regime.Question) LevelQuestion {
	return LevelQuestion{
		Code: q.Code, Group: q.Group, Kind: q.Kind, Required: q.Required, Role: q.Role, Regimes: q.Regimes, Needs: q.Needs,
		TextVi: q.TextVi, TextEn: q.TextEn, HintVi: q.HintVi, HintEn: q.HintEn, Citation: q.Source.Citation, Mark: q.Source.Mark,
		Options: each(q.Options, func(o regime.Option) LevelOption { return LevelOption(o) }),
	}
}

func sayDecision(d level.Decision) LevelDecision {
	assumed := d.Assumed
	if assumed == nil {
		assumed = []string{}
	}
	return LevelDecision{
		Regime: d.Regime.Code, RegimeVi: d.Regime.NameVi, RegimeEn: d.Regime.NameEn, InForce: d.InForce, Level: d.Level,
		Clauses: each(d.Clauses, sayClause), Also: each(d.Also, sayClause), Rules: each(d.Rules, sayPrinciple), Assumed: assumed,
		Alternatives: each(d.Alternatives, func(a level.Alternative) LevelAlternative {
			return LevelAlternative{Question: a.Question.Code, From: words(a.From), To: words(a.To), Level: a.Level, Part: a.Part}
		}),
		Defined: d.Defined, DefinedBy: each(d.DefinedBy, sayClause),
		Parts: each(d.Parts, func(p level.Decision) LevelPartDecision {
			return LevelPartDecision{Name: p.Name, Level: p.Level, Clauses: each(p.Clauses, sayClause)}
		}),
		Approvals: each(d.Approvals, sayApproval),
	}
}

func sayClause(c level.Clause) LevelClause {
	out := sayProvision(c.Provision)
	out.Level, out.NoteVi, out.NoteEn, out.Part = c.Level, c.NoteVi, c.NoteEn, c.Part
	out.Because = each(c.Because, func(b level.Because) LevelAnswer {
		return LevelAnswer{Question: b.Question.Code, Given: words(b.Given)}
	})
	return out
}

func sayPrinciple(p regime.Principle) LevelClause { return sayProvision(p.Provision) }

func sayProvision(p regime.Provision) LevelClause {
	return LevelClause{
		Rule: p.Name, Article: p.Article, Clause: p.Clause, Point: p.Point, TextVi: p.TextVi, TextEn: p.TextEn,
		Because: []LevelAnswer{}, Citation: p.Source.Citation, Mark: p.Source.Mark,
	}
}

func sayApproval(a regime.Approval) LevelApproval {
	appraise, _ := a.Appraise.MarshalText() // A span always has a text.
	approve, _ := a.Approve.MarshalText()
	return LevelApproval{
		Scope: a.Scope, AppraiserVi: a.AppraiserVi, AppraiserEn: a.AppraiserEn, ApproverVi: a.ApproverVi, ApproverEn: a.ApproverEn,
		Appraise: string(appraise), Approve: string(approve), Citation: a.Source.Citation, Mark: a.Source.Mark,
	}
}

// words is a list that is never null.
func words(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
