package finding

import (
	"tocsin/internal/base/auth"
	"tocsin/internal/base/tlp"
)

// readable is the condition by which a query over findings shows a reader what
// both their scope and the markings let them see. The tally of findings has the
// same columns, so that counts obey it, too.
func readable(who auth.Actor) string {
	if who.Scope.IsAll() {
		return who.Scope.SQL("organisation")
	}
	return who.Scope.SQL("organisation") + " AND " + tlp.SQL("tlp", "organisation", who.Organisation)
}

// reads says of one finding what readable says of all.
func reads(who auth.Actor, f Finding) bool {
	if who.Scope.IsAll() {
		return true
	}
	ok, _ := tlp.MayReceive(f.TLP, tlp.ReaderOf(who.Organisation, f.Organisation))
	return ok && who.Scope.Has(f.Organisation)
}
