// Package deliver hands warnings over: by mail, letter, call, webhook and on the
// officer's page, and keeps the ledger of every attempt.
//
// A delivery is one warning, one recipient, one channel. The stage "deliver"
// writes it down as due in the bracket that moves its cursor, before anything
// happens. The worker "post" then hands mail over on a few SMTP lines: a line
// claims a delivery in the bracket that records the result of the one before, so
// that at most one delivery per line is in flight. What was in flight when the
// process died is uncertain, and is handed over again under the same Message-ID.
//
//	warning.sent ─ deliver ─► due ─ post ─► handed_over ─► delivered
//	                           ▲              │ 4xx: deferred   │ link: acknowledged
//	                           └──────────────┘ lost: uncertain │ 5xx: bounced, failed
package deliver

import "embed"

// Texts are the room's catalogues.
//
//go:embed texts
var Texts embed.FS

//go:embed mail.html
var mailPage string

//go:embed bulletin.html
var bulletinPage string
