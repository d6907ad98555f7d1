// Package whose answers the question behind every warning: whose is this
// address, name or host, as of then, and by which rule?
//
// It is pure: no I/O, no clock, no database. A Snapshot is immutable, so a
// reader loads one pointer and asks as often as it likes; With makes the next
// snapshot from this one in time proportional to the change.
//
// # Which claim wins
//
// A claim is one dated statement "this organisation holds this". Several may
// be valid at once (a data centre and its tenant, an old holder who forgot to
// sign off), so the order is fixed:
//
//  1. Only claims valid at the time of the event count: From ≤ at < To.
//  2. The longest prefix wins. Only where nothing covers the address does the
//     AS number that the source named decide.
//  3. A shared exit (egress) that is the longest cover leads to its operator,
//     also against an inventory that lists the exit's address as a host's own:
//     behind an exit sit many, and a guess would warn the wrong ward.
//  4. An endpoint of the inventory counts as a prefix of full length. It is
//     undated, so it yields where its own organisation's dated prefixes say
//     that the address was not theirs at the time. Where endpoints of several
//     organisations claim one address, only one that agrees with the holder of
//     the covering prefix counts, else none.
//  5. On the same prefix, number or name: a claim that names a system before
//     one that names an organisation before one of a provider; then endpoint
//     before prefix; then the later From; then the smaller identifier.
//  6. A name: exact, then each parent up to the registered name, never a
//     public suffix itself unless asked for exactly.
//
// A look-up in a private realm that finds nothing is repeated in the realm
// public, because a private network reaches public addresses too; the other
// way round never. Addresses of private or special use (RFC 1918, RFC 4193,
// RFC 6598, link local, loopback, multicast, unspecified) mean nothing in the
// realm public.
//
// # When a body has ended
//
// A claim outlives its organisation where nobody closed it. From the day the
// body ended, the claim leads to the owner of the system it names, if that is
// another body; else to the body's single full successor; else to nobody, with
// the reason Split or Ended, and then a shorter prefix or a parent name may
// still answer.
package whose
