package cli

// A noun is what lists and shows are about.
type noun struct {
	path    string   // of the API
	columns []string // of the table for people
	whole   bool     // its list takes neither limit nor cursor
	inList  bool     // one of it is found in the list, the API has no way to it
	spoken  bool     // its list has texts in the language that is asked for
}

// nounOf is the noun of a command's first word.
func nounOf(word string) noun {
	switch word {
	case "finding":
		return noun{path: "findings", columns: []string{"id", "severity", "state", "organisation", "kind", "asset", "discriminator", "count", "last_seen"}}
	case "warning":
		return noun{path: "warnings", columns: []string{"id", "severity", "state", "organisation", "subject", "due", "acknowledged_by"}, spoken: true}
	case "storm":
		return noun{path: "storms", columns: []string{"id", "state", "reason", "cause", "source", "organisations", "opened", "at"}, inList: true}
	case "delivery":
		return noun{path: "deliveries", columns: []string{"id", "warning", "channel", "state", "recipient", "attempts", "reply"}}
	case "outbox":
		return noun{path: "outbox", columns: []string{"id", "warning", "state", "recipient", "reason", "created_at"}}
	case "document":
		return noun{path: "documents", columns: []string{"id", "source", "state", "rows", "kept", "quarantined", "duplicate", "received", "file"}}
	case "quarantine":
		return noun{path: "quarantine", columns: []string{"id", "document", "line", "column", "state", "reason"}}
	case "source":
		return noun{path: "sources", columns: []string{"name", "format", "kind", "tlp", "documents", "rows", "quarantined", "last_document"}}
	case "organisation":
		return noun{path: "organisations", columns: []string{"code", "name_vi", "kind", "parent", "tier", "valid_from", "valid_to"}}
	case "succession":
		return noun{path: "successions", columns: []string{"from", "to", "date", "share"}}
	case "system":
		return noun{path: "systems", columns: []string{"code", "name_vi", "owner", "operator", "kind", "level", "criticality", "status"}}
	case "endpoint":
		return noun{path: "endpoints", columns: []string{"id", "organisation", "hostname", "kind", "ip", "realm", "os", "system"}}
	case "address":
		return noun{path: "addresses", columns: []string{"id", "organisation", "kind", "value", "realm", "system", "valid_from", "valid_to"}}
	case "contact":
		return noun{path: "contacts", columns: []string{"id", "organisation", "order", "name", "email", "phone", "role", "hours"}}
	case "software":
		return noun{path: "software", columns: []string{"id", "organisation", "vendor", "product", "version", "hostname", "system"}}
	case "indicator":
		return noun{path: "indicators", columns: []string{"id", "type", "value", "state", "confidence", "tlp", "sources", "valid_until"}}
	case "advisory":
		return noun{path: "advisories", columns: []string{"id", "source", "name", "exploited", "cves", "organisations", "received", "title"}}
	case "question":
		return noun{path: "questions", columns: []string{"vendor", "product", "advisory_vendor", "advisory_name", "organisations", "machines"}}
	case "bulletin":
		return noun{path: "bulletins", columns: []string{"id", "number", "state", "revision", "severity", "tlp", "public", "title"}}
	case "user":
		return noun{path: "users", columns: []string{"id", "email", "name", "role", "organisation", "factor", "seen", "disabled"}}
	case "token":
		return noun{path: "tokens", columns: []string{"id", "user", "name", "created", "expires", "revoked", "used"}}
	case "shift":
		return noun{path: "shifts", columns: []string{"id", "level", "name", "phone", "email", "from", "to"}}
	case "handover":
		return noun{path: "handovers", columns: []string{"id", "author", "written", "accepted_by", "text"}}
	case "call":
		return noun{path: "calls", columns: []string{"id", "state", "about", "organisation", "name", "phone", "reason", "due"}}
	case "mute":
		return noun{path: "mutes", columns: []string{"id", "realm", "what", "kind", "begins", "ends", "ended", "reason"}}
	case "journal":
		return noun{path: "journal", columns: []string{"seq", "at", "actor", "organisation", "verb", "subject"}}
	case "regime":
		return noun{path: "regime", columns: []string{"name", "value", "mark", "citation"}, whole: true}
	case "level":
		return noun{path: "levels/questions", columns: []string{"code", "kind", "regimes", "text_vi"}, whole: true}
	case "routing":
		return noun{path: "routing", columns: []string{"id", "place", "name", "when", "then"}, whole: true}
	case "role":
		return noun{path: "roles", columns: []string{"act", "roles"}, whole: true}
	case "webhook":
		return noun{path: "webhooks", columns: []string{"id", "organisation", "url", "relation", "active"}, whole: true, inList: true}
	case "contact-health":
		return noun{path: "contacts/health", columns: []string{"organisation", "kind", "severity", "email", "since", "todo"}, whole: true}
	case "timeliness":
		return noun{path: "timeliness", columns: []string{
			"organisation", "source", "warnings", "received_p50", "received_p90", "handed_p50", "handed_p90", "acknowledged_p50", "acknowledged_p90",
		}, whole: true}
	}
	panic("cli: no noun " + word)
}
