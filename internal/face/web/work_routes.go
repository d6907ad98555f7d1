package web

import (
	"slices"

	"tocsin/internal/base/auth"
)

// workRoutes is warnings, deliveries, sources, the estate, duty, the journal.
func (s *Site) workRoutes() []Route {
	routes := []Route{
		{Method: "GET", Pattern: "/warnings", Act: auth.WarningView, handle: s.warnings},
		{Method: "GET", Pattern: "/warnings/{id}", Act: auth.WarningView, handle: s.warning},
		{Method: "POST", Pattern: "/warnings/{id}/acknowledge", Act: auth.WarningAck, handle: s.warningAcknowledge},
		{Method: "GET", Pattern: "/warnings/{id}/send", Act: auth.WarningSend, handle: s.warningSendAsk},
		{Method: "POST", Pattern: "/warnings/{id}/send", Act: auth.WarningSend, handle: s.warningSend},
		{Method: "GET", Pattern: "/warnings/{id}/cancel", Act: auth.WarningCancel, handle: s.warningCancelAsk},
		{Method: "POST", Pattern: "/warnings/{id}/cancel", Act: auth.WarningCancel, handle: s.warningCancel},
		{Method: "GET", Pattern: "/warnings/{id}/revise", Act: auth.WarningRevise, handle: s.warningReviseAsk},
		{Method: "POST", Pattern: "/warnings/{id}/revise", Act: auth.WarningRevise, handle: s.warningRevise},
		{Method: "GET", Pattern: "/warnings/{id}/letter", Act: auth.WarningLetter, handle: s.warningLetterAsk},
		{Method: "POST", Pattern: "/warnings/{id}/letter", Act: auth.WarningLetter, handle: s.warningLetter},
		{Method: "GET", Pattern: "/bulk/warnings/{act}", Act: auth.WarningSend, handle: s.warningBulkAsk},
		{Method: "POST", Pattern: "/bulk/warnings/{act}", Act: auth.WarningSend, handle: s.warningBulkDo},
		{Method: "GET", Pattern: "/timeliness", Act: auth.WarningView, handle: s.timeliness},
		{Method: "GET", Pattern: "/storms/{id}", Act: auth.WarningView, handle: s.storm},
		{Method: "POST", Pattern: "/storms/{id}", Act: auth.WarningSend, handle: s.stormDecide},
		{Method: "GET", Pattern: "/digest", Act: auth.DigestRun, handle: s.digestAsk},
		{Method: "POST", Pattern: "/digest", Act: auth.DigestRun, handle: s.digestRun},

		{Method: "GET", Pattern: "/deliveries", Act: auth.DeliveryView, handle: s.deliveries},
		{Method: "GET", Pattern: "/outbox", Act: auth.DeliveryView, handle: s.outbox},
		{Method: "GET", Pattern: "/outbox/{id}", Act: auth.DeliveryView, handle: s.delivery},
		{Method: "POST", Pattern: "/outbox/{id}", Act: auth.DeliveryRecord, handle: s.deliveryRecord},
		{Method: "GET", Pattern: "/outbox/{id}/html", Act: auth.DeliveryRecord, handle: s.messageHTML},
		{Method: "GET", Pattern: "/outbox/{id}/raw", Act: auth.DeliveryRecord, handle: s.messageRaw},
		{Method: "GET", Pattern: "/outbox/{id}/letter/{format}", Act: auth.DeliveryView, handle: s.letterFile},
		{Method: "GET", Pattern: "/webhooks", Act: auth.WebhookEdit, handle: s.webhooks},
		{Method: "GET", Pattern: "/webhooks/new", Act: auth.WebhookEdit, handle: s.webhookNew},
		{Method: "POST", Pattern: "/webhooks/new", Act: auth.WebhookEdit, handle: s.webhookAdd},
		{Method: "GET", Pattern: "/webhooks/{id}/drop", Act: auth.WebhookEdit, handle: s.webhookDropAsk},
		{Method: "POST", Pattern: "/webhooks/{id}/drop", Act: auth.WebhookEdit, handle: s.webhookDrop},

		{Method: "GET", Pattern: "/sources", Act: auth.SourceView, handle: s.sources},
		{Method: "GET", Pattern: "/sources/new", Act: auth.SourceAdd, handle: s.sourceNew},
		{Method: "POST", Pattern: "/sources/new", Act: auth.SourceAdd, handle: s.sourceAdd},
		{Method: "GET", Pattern: "/sources/mapping", Act: auth.SourceAdd, handle: s.mappingAsk},
		{Method: "POST", Pattern: "/sources/mapping", Act: auth.SourceAdd, Body: mappingBytes, handle: s.mappingDo},
		{Method: "GET", Pattern: "/sources/{name}", Act: auth.SourceView, handle: s.source},
		{Method: "GET", Pattern: "/sources/{name}/edit", Act: auth.SourceEdit, handle: s.sourceEdit},
		{Method: "POST", Pattern: "/sources/{name}/edit", Act: auth.SourceEdit, handle: s.sourceSave},
		{Method: "POST", Pattern: "/sources/{name}/fetch", Act: auth.SourceEdit, handle: s.sourceFetch},
		{Method: "GET", Pattern: "/sources/{name}/entry", Act: auth.DocumentEnter, handle: s.entryPage},
		{Method: "POST", Pattern: "/sources/{name}/entry", Act: auth.DocumentEnter, Body: entryBytes, handle: s.entryDo},

		{Method: "GET", Pattern: "/documents", Act: auth.DocumentView, handle: s.documents},
		{Method: "GET", Pattern: "/documents/new", Act: auth.DocumentUpload, handle: s.uploadPage},
		{Method: "POST", Pattern: "/documents/new", Act: auth.DocumentUpload, Body: uploadBytes, handle: s.upload},
		{Method: "GET", Pattern: "/documents/{id}", Act: auth.DocumentView, handle: s.document},
		{Method: "GET", Pattern: "/documents/{id}/original", Act: auth.DocumentView, handle: s.documentOriginal},
		{Method: "GET", Pattern: "/documents/{id}/reparse", Act: auth.DocumentReparse, handle: s.documentReparseAsk},
		{Method: "POST", Pattern: "/documents/{id}/reparse", Act: auth.DocumentReparse, handle: s.documentReparse},
		{Method: "GET", Pattern: "/documents/{id}/vouch", Act: auth.DocumentReparse, handle: s.documentVouchAsk},
		{Method: "POST", Pattern: "/documents/{id}/vouch", Act: auth.DocumentReparse, handle: s.documentVouch},
		{Method: "GET", Pattern: "/documents/{id}/erase", Act: auth.DocumentErase, handle: s.documentEraseAsk},
		{Method: "POST", Pattern: "/documents/{id}/erase", Act: auth.DocumentErase, handle: s.documentErase},

		{Method: "GET", Pattern: "/quarantine", Act: auth.QuarantineView, handle: s.quarantine},
		{Method: "GET", Pattern: "/quarantine/{id}", Act: auth.QuarantineView, handle: s.held},
		{Method: "POST", Pattern: "/quarantine/{id}/release", Act: auth.QuarantineRelease, handle: s.heldRelease},

		{Method: "GET", Pattern: "/indicators", Act: auth.IndicatorView, handle: s.indicators},
		{Method: "GET", Pattern: "/indicators/{id}", Act: auth.IndicatorView, handle: s.indicator},
		{Method: "POST", Pattern: "/indicators/{id}/hold", Act: auth.IndicatorDecide, handle: s.indicatorDecide("hold")},
		{Method: "POST", Pattern: "/indicators/{id}/release", Act: auth.IndicatorDecide, handle: s.indicatorDecide("release")},
		{Method: "GET", Pattern: "/bulk/indicators/{act}", Act: auth.IndicatorDecide, handle: s.indicatorBulkAsk},
		{Method: "POST", Pattern: "/bulk/indicators/{act}", Act: auth.IndicatorDecide, handle: s.indicatorBulkDo},
		{Method: "GET", Pattern: "/advisories", Act: auth.AdvisoryView, handle: s.advisories},
		{Method: "GET", Pattern: "/advisories/{id}", Act: auth.AdvisoryView, handle: s.advisory},
		{Method: "GET", Pattern: "/matching", Act: auth.AdvisoryDecide, handle: s.matching},
		{Method: "POST", Pattern: "/matching", Act: auth.AdvisoryDecide, handle: s.matchingAnswer},

		{Method: "GET", Pattern: "/levels", Act: auth.RegimeView, handle: s.levelAsk},
		{Method: "GET", Pattern: "/levels/result", Act: auth.RegimeView, handle: s.levelResult},

		{Method: "GET", Pattern: "/mutes", Act: auth.MuteView, handle: s.mutes},
		{Method: "GET", Pattern: "/mutes/new", Act: auth.MuteEdit, handle: s.muteNew},
		{Method: "POST", Pattern: "/mutes/new", Act: auth.MuteEdit, handle: s.muteAdd},
		{Method: "GET", Pattern: "/mutes/{id}/end", Act: auth.MuteEdit, handle: s.muteEndAsk},
		{Method: "POST", Pattern: "/mutes/{id}/end", Act: auth.MuteEdit, handle: s.muteStop},

		{Method: "GET", Pattern: "/organisations", Act: auth.EstateView, handle: s.organisations},
		{Method: "GET", Pattern: "/organisations/{code}", Act: auth.EstateView, handle: s.organisation},
		{Method: "GET", Pattern: "/organisations/new", Act: auth.EstateEdit, handle: s.bodyNew},
		{Method: "POST", Pattern: "/organisations/new", Act: auth.EstateEdit, handle: s.bodyAdd},
		{Method: "GET", Pattern: "/organisations/{id}/edit", Act: auth.EstateEdit, handle: s.bodyEdit},
		{Method: "POST", Pattern: "/organisations/{id}/edit", Act: auth.EstateEdit, handle: s.bodySave},
		{Method: "GET", Pattern: "/successions/new", Act: auth.EstateEdit, handle: s.successionNew},
		{Method: "POST", Pattern: "/successions/new", Act: auth.EstateEdit, handle: s.successionAdd},
		{Method: "GET", Pattern: "/map", Act: auth.EstateView, handle: s.cityMap},
		{Method: "GET", Pattern: "/whose", Act: auth.EstateView, handle: s.whoseIs},
		{Method: "GET", Pattern: "/estate/import", Act: auth.EstateImport, handle: s.importPage},
		{Method: "POST", Pattern: "/estate/import", Act: auth.EstateImport, Body: importBytes, handle: s.importRun},
		{Method: "GET", Pattern: "/estate/template/{kind}", Act: auth.EstateImport, handle: s.estateTemplate},
		{Method: "GET", Pattern: "/addresses/{id}/end", Act: auth.EstateEdit, handle: s.addressEndAsk},
		{Method: "POST", Pattern: "/addresses/{id}/end", Act: auth.EstateEdit, handle: s.addressEnd},

		{Method: "GET", Pattern: "/duty", Act: auth.DutyView, handle: s.dutyWeek},
		{Method: "GET", Pattern: "/duty/shifts/new", Act: auth.DutyEdit, handle: s.shiftNew},
		{Method: "POST", Pattern: "/duty/shifts/new", Act: auth.DutyEdit, handle: s.shiftAdd},
		{Method: "GET", Pattern: "/duty/shifts/{id}", Act: auth.DutyEdit, handle: s.shift},
		{Method: "POST", Pattern: "/duty/shifts/{id}", Act: auth.DutyEdit, handle: s.shiftSave},
		{Method: "POST", Pattern: "/duty/shifts/{id}/remove", Act: auth.DutyEdit, handle: s.shiftRemove},
		{Method: "GET", Pattern: "/duty/rotate", Act: auth.DutyEdit, handle: s.rotatePage},
		{Method: "POST", Pattern: "/duty/rotate", Act: auth.DutyEdit, handle: s.rotate},
		{Method: "GET", Pattern: "/duty/calls", Act: auth.DutyView, handle: s.calls},
		{Method: "GET", Pattern: "/duty/calls/{id}", Act: auth.DutyView, handle: s.call},
		{Method: "POST", Pattern: "/duty/calls/{id}", Act: auth.DutyEdit, handle: s.callRecord},
		{Method: "GET", Pattern: "/duty/handovers", Act: auth.DutyView, handle: s.handovers},
		{Method: "POST", Pattern: "/duty/handovers", Act: auth.DutyEdit, handle: s.handoverWrite},
		{Method: "POST", Pattern: "/duty/handovers/{id}/accept", Act: auth.DutyEdit, handle: s.handoverAccept},

		{Method: "GET", Pattern: "/journal", Act: auth.JournalView, handle: s.journalPage},
		{Method: "GET", Pattern: "/journal/{seq}", Act: auth.JournalView, handle: s.journalEntry},
		{Method: "GET", Pattern: "/journal/seal", Act: auth.VerifyRun, handle: s.sealPage},
		{Method: "POST", Pattern: "/journal/seal", Act: auth.VerifyRun, handle: s.sealVerify},
		{Method: "GET", Pattern: "/journal/checkpoint", Act: auth.VerifyRun, handle: s.checkpointFile},
		{Method: "GET", Pattern: "/regime", Act: auth.RegimeView, handle: s.regime},
		{Method: "GET", Pattern: "/health", Act: auth.JournalView, handle: s.stages},
	}
	for _, n := range s.nouns() {
		routes = slices.Concat(routes, s.nounRoutes(n))
	}
	return routes
}
