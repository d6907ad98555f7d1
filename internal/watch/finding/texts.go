package finding

import "embed"

// Texts is the room's catalogue.
//
//go:embed texts
var Texts embed.FS
