// Package product decides whether a product of an advisory is the software of an
// organisation, with a probability and its reasons. It is pure.
//
// Where both sides have a CPE name or a package URL, these decide. Most have none,
// so the main case is the name: Lexicon reads the vendor and the product of either
// side into words (legal forms, editions and architectures dropped, aliases
// resolved, numbers kept apart as the release), and two such names are compared.
// Then the version decides, by package version.
package product

import "embed"

// Texts are the catalogues of the reasons.
//
//go:embed texts
var Texts embed.FS

//go:embed words.json aliases.json
var data embed.FS
