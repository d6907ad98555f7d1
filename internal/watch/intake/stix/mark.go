package stix

import (
	"slices"
	"strings"

	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/intake/row"
)

// wellKnown are the marking definitions that the standard fixes: those of TLP 1
// (STIX 2.1 §7.2.1.4) and of TLP 2.0 (OASIS extension of 2022).
func wellKnown(id string) (tlp.Marking, bool) {
	switch strings.TrimPrefix(strings.ToLower(id), "marking-definition--") {
	case "613f2e26-407d-48c7-9eca-b8e91df99dc9", "94868c89-83c2-464b-929b-a1a8aa3c8487":
		return tlp.Clear, true
	case "34098fce-860f-48ae-8e50-ebd3cc5e41da", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb":
		return tlp.Green, true
	case "f88d31f6-486f-44da-b317-01333bde0b82", "55d920b0-5e8b-4f79-9ee9-91f868d9b421":
		return tlp.Amber, true
	case "939a9414-2ddd-4d32-a0cd-375ea402b003":
		return tlp.AmberStrict, true
	case "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "e828b379-4e03-4974-9ac4-e53a884c97c1":
		return tlp.Red, true
	}
	return 0, false
}

// maxMarks bounds how many marking definitions of its own a document may bring.
const maxMarks = 10_000

// learn keeps what a marking definition says of TLP, for the objects behind it. A
// definition under an id of its own is against the standard, which is no reason
// to spread what it keeps together.
func learn(marks map[string]tlp.Marking, o object) {
	if text(o["type"]) != "marking-definition" || len(marks) >= maxMarks {
		return
	}
	id := text(o["id"])
	if m, ok := defined(o); ok && id != "" {
		if _, known := wellKnown(id); !known {
			marks[id] = m
		}
	}
}

// defined is the TLP marking that a definition defines.
func defined(o object) (tlp.Marking, bool) {
	definition, _ := o["definition"].(object)
	words := []string{text(definition["tlp"]), text(o["name"])}
	extensions, _ := o["extensions"].(object)
	for _, e := range extensions {
		inner, _ := e.(object)
		words = append(words, text(inner["tlp_2_0"]))
	}
	return strictest(words...)
}

// strictest is the narrowest of the markings among words; a word that is none
// does not count.
func strictest(words ...string) (tlp.Marking, bool) {
	var found tlp.Marking
	ok := false
	for _, w := range words {
		w = strings.ToLower(strings.TrimSpace(w))
		if w == "" {
			continue
		}
		m, err := tlp.Parse(w)
		if err != nil {
			continue
		}
		if found, ok = max(found, m), true; found == tlp.Red {
			break
		}
	}
	return found, ok
}

// marked is the narrowest marking that an object carries, on all of it or on a
// part, by reference or as a label (tlp:amber).
func marked(marks map[string]tlp.Marking, o object) (tlp.Marking, bool) {
	refs, _ := o["object_marking_refs"].([]any)
	granular, _ := o["granular_markings"].([]any)
	for _, g := range granular {
		if m, ok := g.(object); ok {
			refs = append(slices.Clip(refs), m["marking_ref"])
		}
	}
	var found tlp.Marking
	ok := false
	for _, ref := range refs {
		id := text(ref)
		m, known := wellKnown(id)
		if !known {
			m, known = marks[id]
		}
		if known {
			found, ok = max(found, m), true
		}
	}
	labels, _ := o["labels"].([]any)
	for _, l := range labels {
		if s := strings.ToLower(text(l)); strings.HasPrefix(s, "tlp:") {
			if m, is := strictest(s); is {
				found, ok = max(found, m), true
			}
		}
	}
	return found, ok
}

// marking holds the definition of a marking: a statement has its text, one of TLP
// is one of the four that the standard fixes.
func (c *checker) marking(o object) *row.Refusal {
	kind, named := o["definition_type"]
	definition, isObject := o["definition"].(object)
	if !named || !has(o, "definition") {
		if has(o, "extensions") && c.version != "2.0" {
			return references(o)
		}
		if !named {
			return missing("definition_type")
		}
		return missing("definition")
	}
	if !isObject {
		return form("definition", said(o["definition"]), "{ }")
	}
	switch text(kind) {
	case "":
		return form("definition_type", said(kind), "“…”")
	case "statement":
		if _, ok := definition["statement"].(string); !ok {
			return missing("definition.statement")
		}
	case "tlp":
		want, known := wellKnown(text(o["id"]))
		got, ok := strictest(text(definition["tlp"]))
		if !known || !ok || got != want {
			return form("definition.tlp", said(definition["tlp"]), "white | green | amber | red")
		}
	}
	return references(o)
}
