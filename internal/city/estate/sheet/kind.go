package sheet

// A Kind is one of the seven estate files.
type Kind string

// The kinds, in the order in which one can be applied after the other.
const (
	Organisations Kind = "organisations"
	Successions   Kind = "successions"
	Systems       Kind = "systems"
	Contacts      Kind = "contacts"
	Addresses     Kind = "addresses"
	Endpoints     Kind = "endpoints"
	Software      Kind = "software"
)

// Kinds lists all kinds in dependency order.
func Kinds() []Kind {
	return []Kind{Organisations, Successions, Systems, Contacts, Addresses, Endpoints, Software}
}

// A column of a kind. Its check gets a value that is not empty and gives it in
// canonical form, or says why not.
type column struct {
	name     string
	required bool
	check    func(string) (string, *flaw)
}

// columns is the table of CONTRACT "Estate files".
func columns(k Kind) []column {
	switch k {
	case Organisations:
		return []column{
			{"code", true, code},
			{"name_vi", true, vietnameseName},
			{"name_en", false, words},
			{"kind", true, oneOf(OrganisationKinds())},
			{"parent", false, code},
			{"tier", true, oneOf(Tiers())},
			{"sector", false, words},
			{"valid_from", false, date},
			{"valid_to", false, date},
		}
	case Successions:
		return []column{
			{"from", true, code},
			{"to", true, code},
			{"date", true, date},
			{"share", true, oneOf(Shares())},
		}
	case Contacts:
		return []column{
			{"organisation", true, code},
			{"name", true, vietnameseName},
			{"email", true, email},
			{"phone", false, phone},
			{"role", false, words},
			{"language", false, oneOf(Languages())},
			{"order", false, order},
			{"hours", false, hours},
			{"person", false, oneOf(YesNo())},
		}
	case Systems:
		return []column{
			{"code", true, code},
			{"name_vi", true, vietnameseName},
			{"name_en", false, words},
			{"owner", true, code},
			{"operator", false, code},
			{"kind", true, oneOf(SystemKinds())},
			{"level", false, level},
			{"criticality", false, oneOf(Criticalities())},
			{"depends_on", false, codes},
			{"status", false, oneOf(Statuses())},
		}
	case Addresses:
		return []column{
			{"organisation", true, code},
			{"kind", true, oneOf(AddressKinds())},
			{"value", true, words},
			{"realm", false, realm},
			{"system", false, code},
			{"valid_from", false, date},
			{"valid_to", false, date},
		}
	case Endpoints:
		return []column{
			{"organisation", true, code},
			{"hostname", true, hostname},
			{"kind", true, oneOf(EndpointKinds())},
			{"ip", false, ip},
			{"realm", false, realm},
			{"os", false, words},
			{"system", false, code},
		}
	case Software:
		return []column{
			{"organisation", true, code},
			{"vendor", false, words},
			{"product", true, words},
			{"version", false, words},
			{"cpe", false, cpe},
			{"purl", false, purl},
			{"hostname", false, hostname},
			{"system", false, code},
		}
	}
	return nil
}

// columnNames are the columns of k in the order of the contract.
func columnNames(k Kind) []string {
	var names []string
	for _, c := range columns(k) {
		names = append(names, c.name)
	}
	return names
}

// OrganisationKinds are the values of organisations.kind.
func OrganisationKinds() []string {
	return []string{
		"city", "department", "district", "ward", "commune", "special_zone", "central_unit",
		"public_unit", "state_enterprise", "company", "association", "foreign", "partner",
	}
}

// Tiers are the values of organisations.tier.
func Tiers() []string { return []string{"city", "central", "private", "foreign"} }

// Shares are the values of successions.share.
func Shares() []string { return []string{"full", "partial"} }

// Languages are the values of contacts.language.
func Languages() []string { return []string{"vi", "en"} }

// YesNo are the values of contacts.person: an individual, or a mailbox of several.
func YesNo() []string { return []string{"yes", "no"} }

// SystemKinds are the values of systems.kind.
func SystemKinds() []string {
	return []string{"application", "website", "database", "communications", "infrastructure", "control"}
}

// Criticalities are the values of systems.criticality.
func Criticalities() []string { return []string{"vital", "important", "normal"} }

// Statuses are the values of systems.status.
func Statuses() []string { return []string{"planned", "building", "operating", "retired"} }

// AddressKinds are the values of addresses.kind.
func AddressKinds() []string { return []string{"prefix", "asn", "domain", "egress"} }

// EndpointKinds are the values of endpoints.kind.
func EndpointKinds() []string { return []string{"server", "workstation"} }
