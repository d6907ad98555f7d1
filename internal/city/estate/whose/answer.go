package whose

import (
	"fmt"
	"strconv"
	"strings"
)

// Reason says how an answer came about.
type Reason uint8

// Owned is the one reason with an organisation; all others say why there is
// none.
const (
	// Nobody claims it.
	Nobody Reason = iota
	// Owned is claimed, and the claim decided.
	Owned
	// Elsewhen is claimed, but not at the time asked for.
	Elsewhen
	// Split was held by a body that went to several: a person decides.
	Split
	// Ended was held by a body that ended without a successor on record.
	Ended
	// Disputed is claimed by endpoints or hosts of several organisations.
	Disputed
	// Meaningless is an address of special use in the realm public.
	Meaningless
	// Malformed is no address, name or number.
	Malformed
)

// String returns the word the journal and the findings keep.
func (r Reason) String() string {
	switch r {
	case Nobody:
		return "nobody"
	case Owned:
		return "owned"
	case Elsewhen:
		return "elsewhen"
	case Split:
		return "split"
	case Ended:
		return "ended"
	case Disputed:
		return "disputed"
	case Meaningless:
		return "meaningless"
	case Malformed:
		return "malformed"
	default:
		return fmt.Sprintf("reason %d", uint8(r))
	}
}

// Answer is whose something is, and why. The zero Answer says nobody's.
type Answer struct {
	// Organisation is the owner, 0 when unowned.
	Organisation int64
	// Code is the owner's code, "" when unowned.
	Code string
	// System is the system the claim names, 0 where none.
	System int64
	// Address is the address record that decided, Endpoint the endpoint; at
	// most one of them is set.
	Address, Endpoint int64
	Reason            Reason

	span   *span
	parent bool   // the claim is of a parent name
	system string // code of the system
}

// Owned reports whether somebody is to be warned.
func (a Answer) Owned() bool { return a.Organisation != 0 }

// Rule is the rule that decided, as it is stored with a finding. It begins
// with prefix, asn, domain, parent-domain, endpoint or egress, then what is
// claimed, then who holds it. It is "" where no claim was found at all.
//
//	prefix 203.0.113.0/24 (organisation P-BEN-NGHE, since 2025-07-01)
//	prefix 203.0.113.8/29 (system CONG-DVC of organisation SO-YTE)
//	prefix 10.0.0.0/8 in realm so-yte (organisation SO-YTE)
//	prefix 203.0.113.0/24 (organisation P-SAI-GON, successor, since 2020-01-01)
//	egress 203.0.113.1/32 (operator QTSC)
//	asn 64500 (provider VNPT)
//	parent-domain q1.example (organisation Q1, since 2024-01-01)
//	endpoint may-01 10.0.0.5 in realm so-yte (organisation SO-YTE)
//	prefix 203.0.113.0/24 (organisation split)
//
// The text is made when asked for: a look-up that is only counted costs none.
func (a Answer) Rule() string {
	if a.span == nil {
		return ""
	}
	c := a.span.claim
	var b strings.Builder
	switch {
	case a.parent:
		b.WriteString("parent-domain ")
	default:
		b.WriteString(c.Kind.String())
		b.WriteByte(' ')
	}
	switch c.Kind {
	case ASN:
		b.WriteString(strconv.FormatUint(uint64(c.Number), 10))
	case Domain:
		b.WriteString(c.Name)
	case Endpoint:
		b.WriteString(c.Name)
		if c.Prefix.IsValid() {
			b.WriteByte(' ')
			b.WriteString(c.Prefix.Addr().String())
		}
	default:
		b.WriteString(c.Prefix.String())
	}
	if c.Realm != Public {
		b.WriteString(" in realm ")
		b.WriteString(c.Realm)
	}
	b.WriteString(" (")
	a.holder(&b)
	if c.Since != "" {
		b.WriteString(", since ")
		b.WriteString(c.Since)
	}
	b.WriteByte(')')
	return b.String()
}

func (a Answer) holder(b *strings.Builder) {
	s := a.span
	if s.owner == nil {
		b.WriteString("organisation ")
		b.WriteString(s.why.String())
		return
	}
	switch {
	case s.claim.Kind == Egress:
		b.WriteString("operator ")
	case a.system != "":
		b.WriteString("system ")
		b.WriteString(a.system)
		b.WriteString(" of organisation ")
	case s.rank == rankProvider:
		b.WriteString("provider ")
	default:
		b.WriteString("organisation ")
	}
	b.WriteString(s.owner.Code)
	if s.owner.ID != s.claim.Organisation {
		b.WriteString(", successor")
	}
}

// answer turns the span that decided into an answer.
func (s *Snapshot) answer(decided *span, parent bool) Answer {
	c := decided.claim
	a := Answer{Reason: decided.why, System: c.System, span: decided, parent: parent}
	if c.Kind == Endpoint {
		a.Endpoint = c.ID
	} else {
		a.Address = c.ID
	}
	if decided.owner != nil {
		a.Organisation, a.Code = decided.owner.ID, decided.owner.Code
	}
	if c.System != 0 {
		if sys, ok := s.systems.get(c.System); ok {
			a.system = sys.Code
		}
	}
	return a
}
