package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/intake/row"
)

// Bulletin is one of the centre's own advisories.
type Bulletin struct {
	ID          string         `json:"id"`
	Number      *string        `json:"number" doc:"Given at the first publication."`
	State       bulletin.State `json:"state"`
	Revision    int64          `json:"revision" doc:"The one in hand; to a reader outside the centre the one that is out."`
	Standing    int64          `json:"standing" doc:"The revision that is out, 0 for none."`
	Version     int64          `json:"version" doc:"Counts every change; an act that names another one is a conflict."`
	Title       string         `json:"title"`
	TitleEN     string         `json:"title_en"`
	Severity    string         `json:"severity"`
	TLP         string         `json:"tlp"`
	CVEs        []string       `json:"cves" nullable:"false"`
	Public      bool           `json:"public"`
	Authors     []string       `json:"authors" nullable:"false"`
	SubmittedBy *string        `json:"submitted_by"`
	ApprovedBy  *string        `json:"approved_by"`
	PublishedBy *string        `json:"published_by"`
	PublishedAt *time.Time     `json:"published_at"`
	WithdrawnAt *time.Time     `json:"withdrawn_at"`
	Reason      *string        `json:"reason" doc:"Why it was returned or withdrawn last."`
}

// BulletinShown is a bulletin with its text and who got it.
type BulletinShown struct {
	Bulletin
	Text   BulletinText  `json:"text"`
	Issues []Issue       `json:"issues" nullable:"false"`
	Got    []BulletinGot `json:"got" nullable:"false" doc:"Who got the revision that is out."`
	Lacks  []Lack        `json:"lacks" nullable:"false" doc:"What keeps a draft from being submitted."`
}

// Issue is a revision that went out.
type Issue struct {
	Revision      int64      `json:"revision"`
	At            *time.Time `json:"at"`
	Authors       []string   `json:"authors" nullable:"false"`
	ApprovedBy    string     `json:"approved_by"`
	PublishedBy   string     `json:"published_by"`
	Organisations int64      `json:"organisations"`
	Recipients    int64      `json:"recipients"`
}

// BulletinGot is an organisation that got a bulletin.
type BulletinGot struct {
	Organisation *string      `json:"organisation"`
	Why          bulletin.Why `json:"why"`
	Told         int64        `json:"told" doc:"How many there were told."`
}

// Lack is something that is missing or wrong.
type Lack struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// BulletinText is what is written and approved.
type BulletinText struct {
	TLP        string             `json:"tlp,omitempty" doc:"amber where it is not given."`
	Severity   string             `json:"severity,omitempty"`
	VI         bulletin.Wording   `json:"vi"`
	EN         bulletin.Wording   `json:"en"`
	Products   []bulletin.Product `json:"products,omitempty"`
	CVEs       []string           `json:"cves,omitempty"`
	References []string           `json:"references,omitempty"`
	From       []string           `json:"from,omitempty" doc:"The advisories it is written from."`
	Audience   bulletin.Audience  `json:"audience" required:"false"`
	Version    int64              `json:"version,omitempty" doc:"Of the bulletin that was read before it was changed."`
}

// BulletinReach is who would get a bulletin now.
type BulletinReach struct {
	Told       int              `json:"told" doc:"Organisations."`
	Addressees int              `json:"addressees"`
	KeptBack   int              `json:"kept_back" doc:"Organisations from which the marking keeps it."`
	Deaf       int              `json:"deaf" doc:"Organisations without a contact."`
	Public     bool             `json:"public"`
	Recipients []BulletinReader `json:"recipients" nullable:"false"`
}

// BulletinReader is an organisation that a bulletin is for.
type BulletinReader struct {
	Organisation string         `json:"organisation"`
	Products     []BulletinHave `json:"products" nullable:"false"`
	Class        bool           `json:"class"`
	Listed       bool           `json:"listed"`
	Before       bool           `json:"before" doc:"It got an earlier revision."`
	To           []string       `json:"to" nullable:"false"`
	Notice       bool           `json:"notice" doc:"They learn that there is a bulletin, and no more."`
	Withheld     []string       `json:"withheld" nullable:"false"`
	Silenced     *string        `json:"silenced" doc:"The rule of routing that tells it nothing."`
	Deaf         bool           `json:"deaf"`
}

// BulletinHave is a product that an organisation has.
type BulletinHave struct {
	Product   string   `json:"product"`
	Versions  []string `json:"versions" nullable:"false"`
	Machines  int      `json:"machines"`
	Confirmed bool     `json:"confirmed"`
}

type bulletinQuery struct {
	Paging
	State []string `query:"state" enum:"draft,submitted,approved,published,withdrawn"`
	Text  string   `query:"text" doc:"Part of its number, its titles or a CVE."`
}

// bulletinAct is an act on a bulletin.
type bulletinAct struct {
	Named
	Body struct {
		Version int64  `json:"version,omitempty" doc:"Of the bulletin on which the caller decided; 0 does not ask."`
		Reason  string `json:"reason,omitempty"`
	}
}

func (s *server) bulletins() {
	route(s, get("/bulletins", "List the centre's own advisories"), func(ctx context.Context, who auth.Actor, in *bulletinQuery) (*list[Bulletin], error) {
		after, err := in.after()
		if err != nil {
			return nil, err
		}
		q := bulletin.Query{Text: in.Text, After: bulletin.ID(after), Limit: in.Limit + 1}
		for _, state := range in.State {
			q.States = append(q.States, bulletin.State(state))
		}
		found, err := s.Bulletins.List(ctx, who, q)
		if err != nil {
			return nil, err
		}
		next := int64(0)
		if len(found) > in.Limit {
			found = found[:in.Limit]
			next = int64(found[in.Limit-1].ID)
		}
		return listed(each(found, sayBulletin), following(next)), nil
	})
	route(s, get("/bulletins/{id}", "Show one of the centre's own advisories"), func(ctx context.Context, who auth.Actor, in *Named) (*one[BulletinShown], error) {
		return s.bulletin(ctx, who, in.ID)
	})
	route(s, get("/bulletins/{id}/audience", "Show who would get it now, and what its marking keeps back"),
		func(ctx context.Context, who auth.Actor, in *Named) (*one[BulletinReach], error) {
			p, err := s.Bulletins.Preview(ctx, who, in.ID)
			return answer(sayReach(p), err)
		})
	begin := post("/bulletins", "Begin one")
	begin.DefaultStatus = http.StatusCreated
	route(s, begin, func(ctx context.Context, who auth.Actor, in *struct{ Body BulletinText }) (*one[BulletinShown], error) {
		c, err := in.Body.content()
		if err != nil {
			return nil, err
		}
		b, err := s.Bulletins.Write(ctx, who, c)
		if err != nil {
			return nil, err
		}
		return s.bulletin(ctx, who, b.ID.String())
	})
	route(s, patch("/bulletins/{id}", "Write the text of a draft anew"), func(ctx context.Context, who auth.Actor, in *struct {
		Named
		Body BulletinText
	},
	) (*one[BulletinShown], error) {
		c, err := in.Body.content()
		if err != nil {
			return nil, err
		}
		if _, err := s.Bulletins.Edit(ctx, who, in.ID, in.Body.Version, c); err != nil {
			return nil, err
		}
		return s.bulletin(ctx, who, in.ID)
	})
	for _, act := range []struct {
		word, summary string
		do            func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error)
	}{
		{"submit", "Ask a second person to approve", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Submit(ctx, who, in.ID, in.Body.Version)
		}},
		{"return", "Give it back to its author, with a reason", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Return(ctx, who, in.ID, in.Body.Version, in.Body.Reason)
		}},
		{"approve", "Approve what somebody else wrote", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Approve(ctx, who, in.ID, in.Body.Version)
		}},
		{"publish", "Send what is approved", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Publish(ctx, who, in.ID, in.Body.Version)
		}},
		{"revise", "Begin a new revision", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Revise(ctx, who, in.ID)
		}},
		{"withdraw", "Take it back for good, with a reason", func(ctx context.Context, who auth.Actor, in *bulletinAct) (bulletin.Bulletin, error) {
			return s.Bulletins.Withdraw(ctx, who, in.ID, in.Body.Reason)
		}},
	} {
		route(s, post("/bulletins/{id}/"+act.word, act.summary), func(ctx context.Context, who auth.Actor, in *bulletinAct) (*one[BulletinShown], error) {
			if _, err := act.do(ctx, who, in); err != nil {
				return nil, err
			}
			return s.bulletin(ctx, who, in.ID)
		})
	}
}

func (s *server) bulletin(ctx context.Context, who auth.Actor, id string) (*one[BulletinShown], error) {
	b, err := s.Bulletins.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	c := b.Content
	out := BulletinShown{
		Bulletin: sayBulletin(b.Bulletin), Lacks: []Lack{},
		Text: BulletinText{
			TLP: c.TLP.String(), Severity: severityWord(c.Severity), VI: c.VI, EN: c.EN, Products: c.Products, CVEs: c.CVEs, References: c.References,
			From: c.From, Audience: c.Audience, Version: b.Version,
		},
		Issues: each(b.Issues, func(i bulletin.Issue) Issue {
			return Issue{
				Revision: i.Revision, At: instant(i.At), Authors: whole(i.Authors), ApprovedBy: i.ApprovedBy, PublishedBy: i.PublishedBy,
				Organisations: i.Organisations, Recipients: i.Recipients,
			}
		}),
		Got: each(b.Got, func(g bulletin.Got) BulletinGot {
			return BulletinGot{Organisation: s.code(g.Organisation), Why: g.Why, Told: g.Told}
		}),
	}
	for _, p := range b.Lacks {
		out.Lacks = append(out.Lacks, Lack{p.Field, p.Reason})
	}
	return answer(out, nil)
}

func sayBulletin(b bulletin.Bulletin) Bulletin {
	return Bulletin{
		ID: b.ID.String(), Number: text(b.Number), State: b.State, Revision: b.Revision, Standing: b.Standing, Version: b.Version,
		Title: b.Content.VI.Title, TitleEN: b.Content.EN.Title, Severity: severityWord(b.Content.Severity), TLP: b.Content.TLP.String(),
		CVEs: whole(b.Content.CVEs), Public: b.Public, Authors: whole(b.Authors), SubmittedBy: text(b.By.Submitted), ApprovedBy: text(b.By.Approved),
		PublishedBy: text(b.By.Published), PublishedAt: instant(b.Published), WithdrawnAt: instant(b.Withdrawn), Reason: text(b.Reason),
	}
}

// severityWord is "" for what nobody has judged yet.
func severityWord(s row.Severity) string {
	if s == row.NoSeverity {
		return ""
	}
	return s.String()
}

// content is the text as the room takes it.
func (t BulletinText) content() (bulletin.Content, error) {
	c := bulletin.Content{
		VI: t.VI, EN: t.EN, Products: t.Products, CVEs: t.CVEs, References: t.References, From: t.From, Audience: t.Audience,
	}
	var err error
	if c.TLP, err = tlp.Parse(t.TLP); err != nil {
		return c, field("tlp", "%q is no marking", t.TLP)
	}
	if t.Severity != "" {
		if c.Severity, err = row.ParseSeverity(t.Severity); err != nil {
			return c, field("severity", "%q is no severity", t.Severity)
		}
	}
	return c, nil
}

func sayReach(p bulletin.Preview) BulletinReach {
	return BulletinReach{
		Told: p.Told, Addressees: p.Addressees, KeptBack: p.KeptBack, Deaf: p.Deaf, Public: p.Public,
		Recipients: each(p.Recipients, func(r bulletin.Recipient) BulletinReader {
			out := BulletinReader{
				Organisation: r.Code, Class: r.Class, Listed: r.Listed, Before: r.Before, Silenced: text(r.Silenced), Deaf: r.Deaf,
				Products: []BulletinHave{}, To: []string{}, Withheld: []string{},
			}
			for _, h := range r.Products {
				out.Products = append(out.Products, BulletinHave{strings.TrimSpace(h.Vendor + " " + h.Product), whole(h.Versions), h.Machines, h.Confirmed})
			}
			for _, to := range r.To {
				out.To = append(out.To, to.Email)
				out.Notice = out.Notice || to.Notice
			}
			for _, w := range r.Withheld {
				out.Withheld = append(out.Withheld, w.Recipient)
			}
			return out
		}),
	}
}
