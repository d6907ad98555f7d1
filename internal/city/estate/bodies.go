package estate

// Changes is the body of every journal entry of the estate: what changed
// together. An import has an entry for each batch of up to 1,000 records that
// changed alike; a single edit has one entry with one change.
//
//	verb                                                body
//	organisation.added .changed                         Changes[Organisation]
//	succession.added .changed .removed                  Changes[Succession]
//	contact.added .changed .removed                     Changes[Contact]
//	system.added .changed                               Changes[System]
//	address.added .changed .ended .removed              Changes[Address]
//	endpoint.added .changed .removed                    Changes[Endpoint]
//	software.added .changed .removed                    Changes[Software]
//
// address.ended is a change of nothing but the last day. The entry's subject is
// "address:A12" for one change and "import:I3" for several of an import; its
// organisation is the holder's, 0 where several are concerned.
type Changes[V any] struct {
	Changes []Change[V] `json:"changes"`
}

// Change is one record before and after. Before is missing for a new record,
// After for one that was removed.
type Change[V any] struct {
	ID     int64 `json:"id"`
	Before *V    `json:"before,omitempty"`
	After  *V    `json:"after,omitempty"`
}

// The bodies by name.
type (
	OrganisationChanges = Changes[Organisation]
	SuccessionChanges   = Changes[Succession]
	ContactChanges      = Changes[Contact]
	SystemChanges       = Changes[System]
	AddressChanges      = Changes[Address]
	EndpointChanges     = Changes[Endpoint]
	SoftwareChanges     = Changes[Software]
)

// RetroVerbs are the verbs after which what is already known must be matched
// again: somebody holds something else than before, or is somebody else. A
// stage calls Sync first, so that WhoseIs knows what the entries say.
func RetroVerbs() []string {
	return append(claimVerbs(), "software.added", "software.changed", "software.removed")
}

// claimVerbs are the verbs that change whose something is.
func claimVerbs() []string {
	return []string{
		"organisation.added", "organisation.changed",
		"succession.added", "succession.changed", "succession.removed",
		"system.added", "system.changed",
		"address.added", "address.changed", "address.ended", "address.removed",
		"endpoint.added", "endpoint.changed", "endpoint.removed",
	}
}

// Verbs are all verbs of the room.
func Verbs() []string {
	return append(RetroVerbs(), "contact.added", "contact.changed", "contact.removed")
}
