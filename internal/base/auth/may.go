package auth

import (
	"slices"
	"strings"

	"tocsin/internal/base/errs"
)

// An Act is something that a role may or may not do: "finding.ack".
type Act string

// Noun is what the act is about: "finding".
func (a Act) Noun() string { noun, _, _ := strings.Cut(string(a), "."); return noun }

// Changes says whether the act changes anything of the city's: all but looking
// and checking do.
func (a Act) Changes() bool { return !strings.HasSuffix(string(a), ".view") && a != VerifyRun }

// The acts.
const (
	FindingView          Act = "finding.view"
	FindingAck           Act = "finding.ack"
	FindingStart         Act = "finding.start"
	FindingFixed         Act = "finding.fixed"
	FindingVerify        Act = "finding.verify"
	FindingFalsePositive Act = "finding.false-positive"
	FindingAccept        Act = "finding.accept"
	FindingMove          Act = "finding.move"
	FindingReopen        Act = "finding.reopen"
	WarningView          Act = "warning.view"
	WarningSend          Act = "warning.send"
	WarningAck           Act = "warning.ack"
	WarningCancel        Act = "warning.cancel"
	WarningLetter        Act = "warning.letter"
	WarningRevise        Act = "warning.revise"
	DeliveryView         Act = "delivery.view"
	DeliveryRecord       Act = "delivery.record"
	DigestRun            Act = "digest.run"
	SourceView           Act = "source.view"
	SourceAdd            Act = "source.add"
	SourceEdit           Act = "source.edit"
	DocumentView         Act = "document.view"
	DocumentUpload       Act = "document.upload"
	DocumentReparse      Act = "document.reparse"
	DocumentErase        Act = "document.erase"
	DocumentEnter        Act = "document.enter"
	QuarantineView       Act = "quarantine.view"
	QuarantineRelease    Act = "quarantine.release"
	IndicatorView        Act = "indicator.view"
	IndicatorDecide      Act = "indicator.decide"
	AdvisoryView         Act = "advisory.view"
	AdvisoryDecide       Act = "advisory.decide"
	BulletinView         Act = "bulletin.view"
	BulletinWrite        Act = "bulletin.write"
	BulletinApprove      Act = "bulletin.approve"
	BulletinPublish      Act = "bulletin.publish"
	EstateView           Act = "estate.view"
	EstatePropose        Act = "estate.propose"
	EstateEdit           Act = "estate.edit"
	EstateImport         Act = "estate.import"
	ContactView          Act = "contact.view"
	ContactEdit          Act = "contact.edit"
	DutyView             Act = "duty.view"
	DutyEdit             Act = "duty.edit"
	MuteView             Act = "mute.view"
	MuteEdit             Act = "mute.edit"
	RegimeView           Act = "regime.view"
	JournalView          Act = "journal.view"
	VerifyRun            Act = "verify.run"
	UserView             Act = "user.view"
	UserInvite           Act = "user.invite"
	UserEdit             Act = "user.edit"
	TokenCreate          Act = "token.create"
	WebhookEdit          Act = "webhook.edit"
	BackupRun            Act = "backup.run"
	ClockAdvance         Act = "clock.advance"
)

// table is the one place that says who may what. An officer's and a partner's
// acts reach as far as their scope, so "finding.ack" of an officer is of the own
// unit's findings and "document.upload" of a partner into its own sources.
//
// An admin may everything: the first admin is alone, and a small city has no
// second person. TokenCreate is about one's own tokens; for others' it takes
// UserEdit. Auditors and leaders get their tokens from an admin.
func table() []grant {
	const (
		admin      roles = 1 << iota // alone: it is in every other set
		analyst    roles = 1 << iota
		officer    roles = 1 << iota
		supervisor roles = 1 << iota
		leader     roles = 1 << iota
		partner    roles = 1 << iota
		auditor    roles = 1 << iota
		centre           = admin | analyst
		readers          = centre | supervisor | leader | auditor
		city             = readers | officer
	)
	return []grant{
		{FindingView, city},
		{FindingAck, centre | officer},
		{FindingStart, centre | officer},
		{FindingFixed, centre | officer},
		{FindingVerify, centre},
		{FindingFalsePositive, centre},
		{FindingAccept, centre | supervisor},
		{FindingMove, centre},
		{FindingReopen, centre},
		{WarningView, city},
		{WarningSend, centre},
		{WarningAck, centre | officer},
		{WarningCancel, centre},
		{WarningLetter, centre},
		{WarningRevise, centre},
		{DeliveryView, city},
		{DeliveryRecord, centre},
		{DigestRun, centre},
		{SourceView, readers | partner},
		{SourceAdd, centre},
		{SourceEdit, centre},
		{DocumentView, readers | partner},
		{DocumentUpload, centre | partner},
		{DocumentEnter, centre},
		{DocumentReparse, centre},
		{DocumentErase, admin},
		{QuarantineView, readers | partner},
		{QuarantineRelease, centre},
		{IndicatorView, readers},
		{IndicatorDecide, centre},
		{AdvisoryView, readers},
		{AdvisoryDecide, centre},
		{BulletinView, city},
		{BulletinWrite, centre},
		{BulletinApprove, centre | supervisor},
		{BulletinPublish, centre},
		{EstateView, city},
		{EstatePropose, centre | officer},
		{EstateEdit, centre},
		{EstateImport, centre},
		{ContactView, city},
		{ContactEdit, centre},
		{DutyView, readers},
		{DutyEdit, centre},
		{MuteView, readers},
		{MuteEdit, centre},
		{RegimeView, city},
		{JournalView, readers},
		{VerifyRun, readers},
		{UserView, centre | supervisor | auditor},
		{UserInvite, admin},
		{UserEdit, admin},
		{TokenCreate, centre | officer | supervisor | partner},
		{WebhookEdit, admin},
		{BackupRun, admin},
		{ClockAdvance, admin},
	}
}

type roles uint8

type grant struct {
	act Act
	to  roles
}

// bit is the role's place in a set, 0 for what is no role.
func (r Role) bit() roles {
	i := slices.Index(Roles(), r)
	if i < 0 {
		return 0
	}
	return 1 << i
}

// A Row says of one act which roles may do it.
type Row struct {
	Act   Act
	Roles []Role
}

// Has says whether the row grants its act to r.
func (w Row) Has(r Role) bool { return slices.Contains(w.Roles, r) }

// Table is who may what, in the order of pages. The texts of an act and a role
// are "auth.act."+act and "auth.role."+role, of its noun "auth.noun."+noun.
func Table() []Row {
	grants := table()
	rows := make([]Row, len(grants))
	for i, g := range grants {
		rows[i].Act = g.act
		for _, r := range Roles() {
			if g.to&r.bit() != 0 {
				rows[i].Roles = append(rows[i].Roles, r)
			}
		}
	}
	return rows
}

// Acts are all acts, in the order of the table.
func Acts() []Act {
	grants := table()
	acts := make([]Act, len(grants))
	for i, g := range grants {
		acts[i] = g.act
	}
	return acts
}

// May says whether the actor may do such a thing at all; what its scope hides
// it may not, whatever the table says, and that is the verb's to ask. The error
// is Denied, or Unknown when nobody is there.
func May(a Actor, act Act) error {
	switch a.Via {
	case ViaStage:
		return nil
	case ViaLink:
		if act == WarningView || act == WarningAck {
			return nil
		}
		return errs.New(errs.Denied, "%s may not %s", a.Name(), act)
	case ViaSession, ViaToken:
		bit := a.Role.bit()
		for _, g := range table() {
			if g.act == act && g.to&bit != 0 {
				return nil
			}
		}
		return errs.New(errs.Denied, "%s (%s) may not %s", a.Name(), a.Role, act)
	}
	return errs.New(errs.Unknown, "sign in to %s", act)
}
