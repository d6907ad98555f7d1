package app

import (
	"context"
	"os"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/envelope"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
)

// wireDeliver makes the room that hands over.
func (a *App) wireDeliver(ctx context.Context) (err error) {
	settings := deliver.Settings{
		PublicURL: func() string { return a.link("") }, From: a.MailFrom, Loopback: a.Demo || a.still != nil, Letterhead: a.letterhead,
	}
	if a.SMTP != "" {
		if settings.SMTP, err = deliver.ParseSMTP(a.SMTP, a.Demo); err != nil {
			return err
		}
	}
	if a.MailFrom != "" {
		if _, err := deliver.ParseFrom(a.MailFrom); err != nil {
			return err
		}
	}
	if a.SignKey != "" {
		if settings.Signer, err = a.signer(); err != nil {
			return err
		}
	}
	a.deliver = deliver.New(deliver.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Texts: a.bundle, Log: a.log, Warnings: a.warning, Evidence: proof{a.finding}, Keys: locks{a.estate},
		Settings: settings, Bulletins: a.bulletin, Bodies: a.estate, Limits: healthLimits(a.regime.Health()),
	})
	return a.deliver.Begin(ctx)
}

// healthLimits are the city's limits of contact health in room deliver's words.
func healthLimits(h regime.HealthRule) deliver.HealthLimits {
	return deliver.HealthLimits{Silence: h.Silence.Plain(), Key: h.Key.Plain()}
}

// signer reads the key that mail is signed with.
func (a *App) signer() (*envelope.Signer, error) {
	text, err := os.ReadFile(a.SignKey)
	if err != nil {
		return nil, errs.New(errs.Usage, "read the key that mail is signed with: %w", err)
	}
	s, err := envelope.ParseSigner(text)
	if err != nil {
		return nil, errs.New(errs.Usage, "key %s that mail is signed with: %w", a.SignKey, err)
	}
	if trouble := s.At(a.clock.Now()); trouble != envelope.Sound {
		return nil, errs.New(errs.Usage, "key %s that mail is signed with: it is %s", a.SignKey, trouble)
	}
	return s, nil
}

// locks are the keys that contacts gave for their mail.
type locks struct{ room *estate.Room }

func (l locks) KeysOf(tx *db.Tx, email string) ([]deliver.Key, error) {
	found, err := l.room.KeysOf(tx, email)
	out := make([]deliver.Key, len(found))
	for i, k := range found {
		out[i] = deliver.Key(k)
	}
	return out, err
}

// letterhead is who writes the centre's letters at a time: the authority of the
// regime then in force.
func (a *App) letterhead(at time.Time, language string) deliver.Letterhead {
	authority := a.regime.Authority(at)
	name := authority.NameVi
	if language == "en" {
		name = authority.NameEn
	}
	return deliver.Letterhead{Superior: name}
}

// proof reads evidence for the files that go with warnings.
type proof struct{ room *finding.Room }

func (p proof) EvidenceOf(ctx context.Context, findings []int64, each int) ([]deliver.EvidenceRow, error) {
	ids := make([]finding.ID, len(findings))
	for i, n := range findings {
		ids[i] = finding.ID(n)
	}
	rows, err := p.room.EvidenceOf(ctx, ids, each)
	out := make([]deliver.EvidenceRow, len(rows))
	for i, r := range rows {
		out[i] = deliver.EvidenceRow{
			Finding: int64(r.Finding), Document: r.Document, Line: r.Line, At: r.At, Source: r.Source, Header: r.Header, Fields: r.Fields, Gone: r.Gone,
		}
	}
	return out, err
}

// mailLink writes down mail with a link to set a password, in the bracket that
// makes the link.
func (a *App) mailLink(_ context.Context, tx *db.Tx, to, template string, args map[string]string) error {
	return a.deliver.Note(tx, deliver.Note{To: to, Template: template, Args: args})
}
