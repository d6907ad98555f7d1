package ui

// Tone is a meaning that has a colour. Pages choose meanings, never colours.
type Tone string

// The tones. Critical to Info are severities; Good, Late and Unknown judge;
// Active is under way; Plain is over or neutral.
const (
	ToneCritical Tone = "critical"
	ToneHigh     Tone = "high"
	ToneMedium   Tone = "medium"
	ToneLow      Tone = "low"
	ToneInfo     Tone = "info"
	ToneGood     Tone = "good"
	ToneLate     Tone = "late"
	ToneUnknown  Tone = "unknown"
	ToneActive   Tone = "active"
	TonePlain    Tone = "plain"
)

// Shape is the glyph that goes with a tone and a word, so that nobody needs to
// see colour.
type Shape string

// The shapes. Pies fill up as work goes on.
const (
	ShapeOctagon  Shape = "octagon"
	ShapeTriangle Shape = "triangle"
	ShapeDiamond  Shape = "diamond"
	ShapeRing     Shape = "ring"
	ShapeSquare   Shape = "square"
	ShapeDot      Shape = "dot"
	ShapePie1     Shape = "pie1"
	ShapePie2     Shape = "pie2"
	ShapePie3     Shape = "pie3"
	ShapeCheck    Shape = "check"
	ShapeClaim    Shape = "claim"
	ShapeCross    Shape = "cross"
	ShapePause    Shape = "pause"
	ShapeShield   Shape = "shield"
	ShapeQuestion Shape = "question"
	ShapeClock    Shape = "clock"
	ShapeDashed   Shape = "dashed"
	ShapeMinus    Shape = "minus"
)

// look is how a state is drawn; its word is in the catalogue.
type look struct {
	tone  Tone
	shape Shape
	known bool
}

// severityLook draws CONTRACT's five severities.
func severityLook(severity string) look {
	switch severity {
	case "critical":
		return look{ToneCritical, ShapeOctagon, true}
	case "high":
		return look{ToneHigh, ShapeTriangle, true}
	case "medium":
		return look{ToneMedium, ShapeDiamond, true}
	case "low":
		return look{ToneLow, ShapeRing, true}
	case "info":
		return look{ToneInfo, ShapeSquare, true}
	}
	return look{ToneUnknown, ShapeQuestion, false}
}

// stateLook draws the closed states of HOUSE §6 and CONTRACT, and those of
// sources, users, probes and figures. A pair that is not here is unknown:
// hatched grey, so that a forgotten state can never look healthy.
func stateLook(noun, state string) look {
	switch noun + "." + state {
	case "finding.open":
		return look{ToneHigh, ShapeDot, true}
	case "finding.acknowledged":
		return look{ToneActive, ShapePie1, true}
	case "finding.fixing":
		return look{ToneActive, ShapePie2, true}
	case "finding.claimed_fixed":
		return look{ToneMedium, ShapeClaim, true}
	case "finding.verified":
		return look{ToneGood, ShapeCheck, true}
	case "finding.false_positive":
		return look{TonePlain, ShapeCross, true}
	case "finding.accepted_risk":
		return look{TonePlain, ShapeShield, true}

	case "warning.draft":
		return look{TonePlain, ShapeDashed, true}
	case "warning.sent":
		return look{ToneActive, ShapePie2, true}
	case "warning.acknowledged":
		return look{ToneGood, ShapeCheck, true}
	case "warning.closed":
		return look{TonePlain, ShapeCheck, true}
	case "warning.cancelled":
		return look{TonePlain, ShapeCross, true}
	case "warning.expired":
		return look{ToneHigh, ShapeClock, true}

	case "bulletin.draft":
		return look{TonePlain, ShapeDashed, true}
	case "bulletin.submitted":
		return look{ToneMedium, ShapePie1, true}
	case "bulletin.approved":
		return look{ToneActive, ShapePie3, true}
	case "bulletin.published":
		return look{ToneGood, ShapeCheck, true}
	case "bulletin.withdrawn":
		return look{TonePlain, ShapeCross, true}

	case "delivery.due":
		return look{TonePlain, ShapeDashed, true}
	case "delivery.handed_over":
		return look{ToneActive, ShapePie2, true}
	case "delivery.uncertain":
		return look{ToneUnknown, ShapeQuestion, true}
	case "delivery.deferred":
		return look{ToneMedium, ShapePause, true}
	case "delivery.delivered":
		return look{ToneActive, ShapePie3, true}
	case "delivery.bounced":
		return look{ToneHigh, ShapeCross, true}
	case "delivery.failed":
		return look{ToneCritical, ShapeOctagon, true}
	case "delivery.acknowledged":
		return look{ToneGood, ShapeCheck, true}

	case "document.received":
		return look{ToneActive, ShapePie1, true}
	case "document.parsed":
		return look{ToneGood, ShapeCheck, true}
	case "document.partial":
		return look{ToneMedium, ShapePie3, true}
	case "document.unparsed":
		return look{ToneHigh, ShapeCross, true}

	case "quarantine.held":
		return look{ToneMedium, ShapePause, true}
	case "quarantine.released":
		return look{ToneGood, ShapeCheck, true}

	case "indicator.active":
		return look{ToneActive, ShapeDot, true}
	case "indicator.held":
		return look{ToneMedium, ShapePause, true}
	case "indicator.expired":
		return look{TonePlain, ShapeClock, true}
	case "indicator.revoked":
		return look{TonePlain, ShapeCross, true}

	case "source.live", "probe.live":
		return look{ToneGood, ShapeCheck, true}
	case "source.late", "probe.late":
		return look{ToneMedium, ShapeClock, true}
	case "source.silent", "probe.silent":
		return look{ToneHigh, ShapeTriangle, true}
	case "source.failing":
		return look{ToneCritical, ShapeOctagon, true}
	case "source.paused":
		return look{TonePlain, ShapePause, true}
	case "source.unknown", "probe.unknown":
		return look{ToneUnknown, ShapeQuestion, true}

	case "user.active":
		return look{ToneGood, ShapeCheck, true}
	case "user.invited":
		return look{TonePlain, ShapeDashed, true}
	case "user.locked":
		return look{ToneHigh, ShapePause, true}
	case "user.disabled":
		return look{TonePlain, ShapeCross, true}

	case "figure.met":
		return look{ToneGood, ShapeCheck, true}
	case "figure.missed":
		return look{ToneHigh, ShapeTriangle, true}
	case "figure.unknown":
		return look{ToneUnknown, ShapeQuestion, true}
	case "figure.no_case":
		return look{TonePlain, ShapeMinus, true}
	}
	return look{ToneUnknown, ShapeQuestion, false}
}

// word is the name of a state. An unknown state shows the word it came with:
// better an odd word than a wrong one.
func (l look) word(p *Page, key, raw string) string {
	if l.known {
		return p.T(key)
	}
	if raw == "" {
		return p.T("ui.unknown")
	}
	return raw
}

// shapeOf is the shape that goes with a tone where a page gives only a tone.
func shapeOf(t Tone) Shape {
	switch t {
	case ToneCritical:
		return ShapeOctagon
	case ToneLate:
		return ShapeClock
	case ToneHigh:
		return ShapeTriangle
	case ToneMedium:
		return ShapeDiamond
	case ToneLow:
		return ShapeRing
	case ToneInfo:
		return ShapeSquare
	case ToneGood:
		return ShapeCheck
	case ToneActive:
		return ShapePie2
	case TonePlain:
		return ShapeMinus
	case ToneUnknown:
		return ShapeQuestion
	}
	return ShapeQuestion
}

// shapeMarkup is the inside of a 16×16 SVG in the current colour. "cut" is
// painted in the ground's colour by base.css.
func shapeMarkup(s Shape) string {
	const ring = `<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.6"/>`
	const dashed = `<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6 2.2"/>`
	const disc = `<circle cx="8" cy="8" r="7.2" fill="currentColor"/>`
	switch s {
	case ShapeOctagon:
		return `<path fill="currentColor" fill-rule="evenodd" d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9ZM7 3.6v5.2h2V3.6Zm0 6.6v2h2v-2Z"/>`
	case ShapeTriangle:
		return `<path fill="currentColor" fill-rule="evenodd" d="M8 1 15.6 14.8H.4ZM7.1 5.8v4.4h1.8V5.8Zm0 5.5v1.9h1.8v-1.9Z"/>`
	case ShapeDiamond:
		return `<path fill="currentColor" d="M8 .8 15.2 8 8 15.2.8 8Z"/>`
	case ShapeRing:
		return `<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="2.6"/>`
	case ShapeSquare:
		return `<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2" fill="none" stroke="currentColor" stroke-width="1.6"/><path fill="currentColor" d="M7.1 4.2h1.8V6H7.1Zm0 2.9h1.8v4.7H7.1Z"/>`
	case ShapeDot:
		return ring + `<circle cx="8" cy="8" r="3" fill="currentColor"/>`
	case ShapePie1:
		return ring + `<path fill="currentColor" d="M8 8V3.8A4.2 4.2 0 0 1 12.2 8Z"/>`
	case ShapePie2:
		return ring + `<path fill="currentColor" d="M8 8V3.8a4.2 4.2 0 0 1 0 8.4Z"/>`
	case ShapePie3:
		return ring + `<path fill="currentColor" d="M8 8V3.8A4.2 4.2 0 1 1 3.8 8Z"/>`
	case ShapeCheck:
		return disc + `<path class="cut" fill="none" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" d="m4.8 8.3 2.2 2.3 4.3-4.9"/>`
	case ShapeClaim:
		return dashed + `<path fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" d="m5 8.3 2.1 2.1 4-4.5"/>`
	case ShapeCross:
		return ring + `<path fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" d="m5.5 5.5 5 5m0-5-5 5"/>`
	case ShapePause:
		return ring + `<path fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" d="M6.3 5.6v4.8m3.4-4.8v4.8"/>`
	case ShapeShield:
		return `<path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" d="M8 1.2 2.4 3.2v4.3c0 3.6 2.3 6 5.6 7.3 3.3-1.3 5.6-3.7 5.6-7.3V3.2Z"/>`
	case ShapeQuestion:
		return dashed + `<path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" d="M6.2 6.3a1.9 1.9 0 1 1 2.7 1.7c-.6.3-.9.6-.9 1.2"/><circle cx="8" cy="11.3" r="1" fill="currentColor"/>`
	case ShapeClock:
		return ring + `<path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" d="M8 4.4V8l2.4 1.5"/>`
	case ShapeDashed:
		return dashed
	case ShapeMinus:
		return ring + `<path fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" d="M5.2 8h5.6"/>`
	}
	wrong("no shape is called %q", s)
	return ""
}
