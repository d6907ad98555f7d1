package deliver

import (
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/base/tlp"
	"tocsin/internal/watch/warning"
)

// A Refused is the body of delivery.refused: a marking kept a warning from
// somebody on a channel.
type Refused struct {
	Warning   int64            `json:"warning"`
	Delivery  int64            `json:"delivery,omitempty"` // 0 when none was written down
	Recipient string           `json:"recipient"`
	Channel   warning.Channel  `json:"channel"`
	Relation  warning.Relation `json:"relation"`
	Marking   string           `json:"marking"`
	Reason    string           `json:"reason"` // key in the catalogues of tlp
}

func (f Refused) draft(organisation int64, actor string) journal.Draft {
	return journal.Draft{Actor: actor, Organisation: organisation, Subject: warning.ID(f.Warning).Subject(), Verb: VerbRefused, Body: f}
}

// refusedError says that a delivery must not go out any more.
type refusedError struct {
	error

	refused Refused
}

func (e *refusedError) Unwrap() error { return e.error }

// sift asks the marking once more when a delivery goes out, for what joined the
// warning since it was written down may be marked narrower. notice says that
// the recipient learns no more than that there is something. Gone is for those
// who may not even learn that.
func sift(w *warning.Warning, d *Delivery) (notice bool, err error) {
	if d.Notice || d.Verb == warning.VerbHeld {
		return d.Notice, nil
	}
	ok, reason := tlp.MayReceive(w.Marking, d.Relation.Receiver())
	switch {
	case ok:
		return false, nil
	case d.Channel != warning.ByWebhook && (d.Relation == warning.Concerned || d.Relation == warning.Above):
		return true, nil
	}
	return false, &refusedError{
		errs.New(errs.Gone, "withheld: %s is marked %s, which does not go to a recipient who is %q", w.ID, w.Marking.Label(), d.Relation),
		Refused{int64(w.ID), int64(d.ID), d.Recipient, d.Channel, d.Relation, w.Marking.String(), reason},
	}
}
