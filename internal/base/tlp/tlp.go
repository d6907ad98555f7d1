// Package tlp is the Traffic Light Protocol, version 2.0 (FIRST, August 2022,
// https://www.first.org/tlp): the five markings, and the one decision who may
// receive what is marked so.
package tlp

import (
	"embed"
	"strings"

	"tocsin/internal/base/errs"
)

// Texts are the catalogues of this package: the markings and receivers in
// words, and the reasons of MayReceive.
//
//go:embed texts
var Texts embed.FS

// A Marking says how far information may spread. Markings are ordered: a
// greater one spreads less far. The zero Marking is Clear; where a source named
// none, use Default.
type Marking int

// The markings of TLP 2.0, from the widest to the narrowest.
const (
	Clear Marking = iota
	Green
	Amber
	AmberStrict
	Red
)

// Default is the marking of what came without one (CONTRACT, JSON keys).
const Default = Amber

// All are the markings, the widest first.
func All() []Marking { return []Marking{Clear, Green, Amber, AmberStrict, Red} }

// String is the marking as Tocsin's JSON writes it: clear, green, amber,
// amber+strict or red.
func (m Marking) String() string {
	switch m {
	case Clear:
		return "clear"
	case Green:
		return "green"
	case Amber:
		return "amber"
	case AmberStrict:
		return "amber+strict"
	case Red:
		return "red"
	}
	panic("tlp: a marking that Parse did not make")
}

// Label is the marking as papers and subjects of mail write it, which TLP 2.0
// asks to leave as it is in every language: TLP:AMBER+STRICT.
func (m Marking) Label() string { return "TLP:" + strings.ToUpper(m.String()) }

// Parse reads a marking in the forms that sources use: amber, TLP:AMBER,
// tlp:amber+strict, AMBER STRICT. WHITE, the name of CLEAR in version 1, is read
// as Clear; the empty text is Default. Anything else is Invalid, and comes with
// Red: what we cannot read must not spread.
func Parse(text string) (Marking, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	name = strings.TrimSpace(strings.TrimPrefix(name, "tlp:"))
	switch name {
	case "":
		if strings.TrimSpace(text) == "" {
			return Default, nil
		}
	case "clear", "white":
		return Clear, nil
	case "green":
		return Green, nil
	case "amber":
		return Amber, nil
	case "amber+strict", "amber-strict", "amber_strict", "amber strict":
		return AmberStrict, nil
	case "red":
		return Red, nil
	}
	return Red, errs.New(errs.Invalid, "marking %q: want clear, green, amber, amber+strict or red", text)
}

// Max is the narrowest of the markings: what joins several pieces is marked
// like the narrowest of them. Max of none is Clear.
func Max(markings ...Marking) Marking {
	most := Clear
	for _, m := range markings {
		most = max(most, m)
	}
	return most
}

// MarshalText writes the marking as String does.
func (m Marking) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the marking as Parse does.
func (m *Marking) UnmarshalText(text []byte) error {
	read, err := Parse(string(text))
	if err != nil {
		return err
	}
	*m = read
	return nil
}
