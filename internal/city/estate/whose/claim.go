package whose

import (
	"fmt"
	"net/netip"
)

// Public is the realm of globally routed addresses and names.
const Public = "public"

// Kind says what sort of thing a claim claims.
type Kind uint8

// The kinds of claim. The first four are addresses of the estate files, the
// last is a line of the inventory.
const (
	Prefix Kind = iota + 1
	ASN
	Domain
	Egress
	Endpoint
)

// String returns the word of the estate files.
func (k Kind) String() string {
	switch k {
	case Prefix:
		return "prefix"
	case ASN:
		return "asn"
	case Domain:
		return "domain"
	case Egress:
		return "egress"
	case Endpoint:
		return "endpoint"
	default:
		return fmt.Sprintf("kind %d", uint8(k))
	}
}

// Claim is one dated statement that an organisation holds something.
type Claim struct {
	// ID is the identifier of the address, or of the endpoint when Kind is
	// Endpoint; the two number separately.
	ID   int64
	Kind Kind
	// Realm is the address space in which the claim means something.
	Realm string
	// Prefix is set for Prefix and Egress, and for an Endpoint with an address
	// (then of full length). It is masked and never IPv4-mapped.
	Prefix netip.Prefix
	// Number is the AS number of an ASN claim.
	Number uint32
	// Name is the domain of a Domain claim, as NormalName gives it, or the host
	// name of an Endpoint, as NormalHost gives it.
	Name string

	Organisation int64
	// System is the system it serves, 0 where none is named.
	System int64

	// From and To are instants in µs since 1970, half open; 0 is no limit.
	From, To int64
	// Since is the first day as the record writes it, for the rule's text; ""
	// when From is no limit.
	Since string
}

// key is the claim's identity within a snapshot.
func (c *Claim) key() int64 {
	if c.Kind == Endpoint {
		return c.ID<<1 | 1
	}
	return c.ID << 1
}

// Body is what a look-up must know of an organisation.
type Body struct {
	ID   int64
	Code string
	// Provider marks a body that holds addresses for others: a data centre, an
	// Internet provider. Its claims come last among equals.
	Provider bool
	// End is the instant in µs from which the body is no more, 0 while it
	// lives. A full succession ends it as well.
	End int64
	// Heirs are its successors.
	Heirs []Heir
}

// Heir is one successor of a body.
type Heir struct {
	Organisation int64
	// Since is the instant in µs from which it took over.
	Since int64
	// Full says that it took over the whole body, not a part.
	Full bool
}

// System is what a look-up must know of an information system.
type System struct {
	ID    int64
	Code  string
	Owner int64
}

// Records is everything a snapshot is built from. Endpoints are claims like the
// others; whoever reads both from two tables need not join them.
type Records struct {
	Bodies            []Body
	Systems           []System
	Claims, Endpoints []Claim
}

// all yields every claim.
func (r Records) all(yield func(*Claim) bool) {
	for _, claims := range [][]Claim{r.Claims, r.Endpoints} {
		for i := range claims {
			if !yield(&claims[i]) {
				return
			}
		}
	}
}

// Changes turns one snapshot into the next. A record with a known identifier
// replaces the old one. Drops come before puts.
type Changes struct {
	Bodies        []Body
	Systems       []System
	Claims        []Claim
	DropAddresses []int64
	DropEndpoints []int64
}
