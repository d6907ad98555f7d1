package deliver

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"tocsin/internal/base/errs"
)

// A Phase is how far a hand-over had come.
type Phase string

// The phases.
const (
	PhaseLine  Phase = "line"  // no line, or it was dead before anything was said
	PhaseForm  Phase = "form"  // the message could not be made
	PhaseFrom  Phase = "from"  // MAIL FROM
	PhaseTo    Phase = "to"    // RCPT TO
	PhaseBody  Phase = "body"  // DATA and the message
	PhaseReply Phase = "reply" // the message is out, its answer is awaited
)

// An Outcome is what came of one attempt.
type Outcome struct {
	State  State
	Reply  string
	Broken bool // the line is of no use any more
	Late   bool // nothing was tried: the attempt does not count

	refused *Refused // a marking stopped it at the last moment
}

// Judge turns the answer of a server, nil for yes, into an outcome.
//
// 4xx is not now, 5xx is never: to RCPT TO it is the recipient who does not
// exist, else the message that is not wanted. A line that broke before the end
// of the message leaves nothing at the server, so it is tried again; one that
// broke while the answer was awaited leaves us not knowing.
func Judge(phase Phase, err error, reply string) Outcome {
	if err == nil {
		return Outcome{State: HandedOver, Reply: "250 " + reply}
	}
	if answer, ok := errors.AsType[*smtp.SMTPError](err); ok {
		text := answerText(answer)
		switch {
		case answer.Code == 421:
			return Outcome{State: Deferred, Reply: text, Broken: true}
		case answer.Code >= 500 && phase == PhaseTo:
			return Outcome{State: Bounced, Reply: text}
		case answer.Code >= 500:
			return Outcome{State: Failed, Reply: text}
		}
		return Outcome{State: Deferred, Reply: text}
	}
	text := clip(string(phase) + ": " + err.Error())
	switch phase {
	case PhaseReply:
		return Outcome{State: Uncertain, Reply: text, Broken: true}
	case PhaseForm:
		return Outcome{State: Deferred, Reply: text}
	case PhaseLine:
		return Outcome{State: Deferred, Reply: text, Broken: true, Late: true}
	case PhaseFrom, PhaseTo, PhaseBody:
	}
	return Outcome{State: Deferred, Reply: text, Broken: true}
}

func answerText(e *smtp.SMTPError) string {
	enhanced := ""
	if c := e.EnhancedCode; c != smtp.EnhancedCodeNotSet && c != smtp.NoEnhancedCode {
		enhanced = fmt.Sprintf("%d.%d.%d ", c[0], c[1], c[2])
	}
	return clip(fmt.Sprintf("%d %s%s", e.Code, enhanced, e.Message))
}

// clip keeps a reply to what the ledger shows.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "�")), " ")
	if r := []rune(s); len(r) > 500 {
		s = string(r[:500]) + "…"
	}
	return s
}

// Backoff is how long after its nth attempt, counted from 1, a delivery waits. An
// uncertain one waits less: it may have arrived, and the recipient is waiting.
func Backoff(n int64, s State) time.Duration {
	if s == Uncertain {
		return min(time.Duration(n)*30*time.Second, 10*time.Minute)
	}
	steps := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}
	return steps[min(int(n), len(steps))-1]
}

// unavailable says that an error is of the database, not of a delivery.
func unavailable(err error) bool { return errs.Is(err, errs.Unavailable) }
