package app

import (
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/warning"
)

// flow is the main line of Tocsin, in order: what follows from what (HOUSE §3).
// A delivery is received by a verb of room intake, an estate is changed by a verb
// of room estate; everything else is one of these stages, each reading the
// journal behind its own cursor.
func (a *App) flow() []journal.Stage {
	return []journal.Stage{
		a.finding.Stage(false),   // a document's rows → whose are they? → findings opened, counted, reopened
		a.finding.Stage(true),    // the same for large documents, in a line of their own
		a.finding.AdviseStage(),  // an advisory or a line of software → whose product is it? → findings
		a.finding.RetroStage(),   // an address changes hands → findings follow it
		a.finding.WitnessStage(), // a source has spoken → what was claimed fixed is seen gone, or not
		a.finding.SilenceStage(), // a source falls silent, or speaks again → a finding of the centre's own
		a.warning.Stage(),        // findings → warnings: at once, in a digest, or held by the storm brake
		a.warning.Heed(),         // a finding is over, a contact is there → warnings end, no-contact ends
		a.deliver.Stage(),        // a warning speaks → one delivery for each recipient and channel
	}
}

// alarms are the clocks of the main line: what happens when nothing does.
func (a *App) alarms() []journal.Alarm {
	var all []journal.Alarm
	for _, room := range [][]journal.Alarm{
		a.finding.Alarms(), // the quiet period after a claim, the end of an exception and of a mute
		a.warning.Alarms(), // nobody has answered: climb; the hour of the digest; a reminder; the end
		a.deliver.Alarms(), // what was promised is not handed over
	} {
		all = append(all, room...)
	}
	return all
}

// workers hand over to the world what the stages wrote down.
// In a demo nothing is fetched: its sources are invented.
func (a *App) workers() []journal.Worker {
	if a.Demo {
		return a.deliver.Workers()
	}
	return append(a.deliver.Workers(), a.collect.Worker())
}

// audits are the records that verify compares with the journal.
func (a *App) audits() []journal.Audit {
	var all []journal.Audit
	for _, room := range [][]journal.Audit{
		a.people.Audits(), estate.Audits(), duty.Audits(), a.intake.Audits(), a.collect.Audits(), a.intel.Audits(),
		{a.finding.Audit(), a.finding.MuteAudit()},
		{warning.Audit(), warning.AuditRouting(), warning.AuditStorms()},
		bulletin.Audits(),
		{deliver.Audit(), deliver.AuditHooks()},
	} {
		all = append(all, room...)
	}
	return all
}
