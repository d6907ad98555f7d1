// Package version orders the versions of products and says whether one lies in
// a range of an advisory. It is pure.
//
// Each scheme has its own order, taken from its specification: Semver (semver.org
// 2.0.0 §11), Deb (deb-version(7)), RPM (rpm-version(7)), Python (PEP 440), Maven
// (the version order of the POM reference). Everything else, which is most of what
// vendors write, has the order of Generic; see its comment.
package version

import "embed"

// Texts are the catalogues of the reasons, under match.version.REASON.
//
//go:embed texts
var Texts embed.FS
