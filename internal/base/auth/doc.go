// Package auth knows people and decides who may. It holds the one table of
// roles and acts, the Scope that every query of an organisation's rows obeys,
// users with their passwords and second factors, sessions, API tokens, and the
// middle layer that turns a request's credential into an Actor.
//
// Two questions are kept apart. "May this role do such a thing at all?" is May;
// its no is errs.Denied. "Is this row this reader's business?" is Scope; its no
// is errs.NotFound, because the very existence of the row is hidden.
package auth

import "embed"

// Texts are the room's catalogues.
//
//go:embed texts
var Texts embed.FS
