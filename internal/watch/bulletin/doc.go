// Package bulletin keeps the centre's own advisories: what it says of weaknesses
// and attacks in its own name, in Vietnamese and English (bản tin cảnh báo an
// toàn thông tin).
//
// A bulletin is written, submitted, approved by a second person and published
// (life.go). Each published revision is kept as it went out (issue.go) and is
// never changed: whoever revises begins a new draft, which passes a second person
// again, while the revision before it stands. Who gets one is worked out from
// what the organisations have and what they are (audience.go), routed as
// warnings are and sieved by the marking; the entries bulletin.told carry the
// addressees, and room deliver follows them. What is public and TLP:CLEAR
// stands for everybody as CSAF 2.0 and Atom (csaf.go, provider.go, atom.go).
package bulletin

import "embed"

// Texts are the room's catalogues.
//
//go:embed texts
var Texts embed.FS
