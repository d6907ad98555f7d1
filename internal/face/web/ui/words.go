package ui

import "strings"

// tlpKey is the marking as a catalogue key; a marking nobody knows is treated
// as the strictest one, as FIRST advises to ask the source when in doubt.
func tlpKey(marking string) string {
	switch m := strings.TrimPrefix(strings.ToLower(marking), "tlp:"); m {
	case "clear", "green", "amber":
		return m
	case "amber+strict":
		return "amber_strict"
	}
	return "red"
}

func tlpClass(marking string) string {
	return "tlp-" + strings.TrimSuffix(tlpKey(marking), "_strict")
}

func tlpLabel(marking string) string {
	return "TLP:" + strings.ToUpper(strings.ReplaceAll(tlpKey(marking), "_", "+"))
}

// rsit takes "malicious-code:c2-server" apart.
func rsit(classification string) (class, kind string) {
	class, kind, _ = strings.Cut(classification, ":")
	return class, kind
}

// rsitWord names the eleven classes of the taxonomy in the reader's language.
func rsitWord(p *Page, class string) string {
	switch class {
	case "abusive-content", "malicious-code", "information-gathering", "intrusion-attempts", "intrusions",
		"availability", "information-content-security", "fraud", "vulnerable", "other", "test":
		return p.T("ui.rsit." + class)
	}
	return class
}

// roleWord names a role of CONTRACT.
func roleWord(p *Page, role string) string {
	switch role {
	case "admin", "analyst", "officer", "supervisor", "leader", "partner", "auditor":
		return p.T("ui.role." + role)
	}
	return role
}
