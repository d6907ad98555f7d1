package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// An Enrolment is a second factor before it is confirmed: TOTP (RFC 6238), six
// digits, 30 seconds, SHA-1, as every telephone's program understands it.
type Enrolment struct {
	Secret string // base32, to type in by hand
	URL    string // otpauth://totp/…
	PNG    []byte // URL as a QR code
}

// recoveryCodes is how many recovery codes a person gets at a time.
const recoveryCodes = 10

// Enrol begins a second factor. It takes the password, and counts for nothing
// until Confirm; a factor that is there goes on until then.
func (r *Room) Enrol(ctx context.Context, a Actor, password string) (out Enrolment, err error) {
	p, err := r.proveOwn(ctx, a, password)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: r.Issuer, AccountName: p.Email})
	if err != nil {
		return Enrolment{}, errs.New(errs.Internal, "make a second factor: %w", err)
	}
	image, err := key.Image(240, 240)
	if err != nil {
		return Enrolment{}, errs.New(errs.Internal, "draw the QR code: %w", err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image); err != nil {
		return Enrolment{}, errs.New(errs.Internal, "draw the QR code: %w", err)
	}
	sealed, err := r.seal(p.ID, key.Secret())
	if err != nil {
		return Enrolment{}, err
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE auth_user SET factor_next = $1 WHERE id = $2`, sealed, int64(p.ID))
		return err
	})
	return Enrolment{Secret: key.Secret(), URL: key.URL(), PNG: picture.Bytes()}, err
}

// A Confirmed factor is in force. Its codes are shown once, to be kept on paper.
type Confirmed struct {
	Opened Opened   // the session under its new secret
	Codes  []string // each good once in place of a code
}

// Confirm puts the enrolled factor in force when code is what the telephone
// shows. The other sessions end, the own gets a new secret. Invalid for a wrong
// code, Conflict when nothing is enrolled.
func (r *Room) Confirm(ctx context.Context, a Actor, code string) (out Confirmed, err error) {
	if a.Via != ViaSession {
		return out, errs.New(errs.Denied, "%s changes the own sign-in in a browser only", a.Name())
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := personBy(tx, UserID(a.ID))
		if err != nil {
			return err
		}
		if p.FactorNext == "" {
			return errs.New(errs.Conflict, "confirm the second factor: none is enrolled")
		}
		secret, err := r.unseal(p.ID, p.FactorNext)
		if err != nil {
			return err
		}
		step, ok := codeStep(secret, code, r.Clock.Now(), 0)
		if !ok {
			return errs.At(errs.Invalid, []errs.Place{{Field: "code", Reason: "is not what the telephone shows now"}}, "confirm the second factor: wrong code")
		}
		p.Factor, p.FactorNext, p.FactorStep = p.FactorNext, "", step
		out.Codes, p.Recovery = newCodes()
		if err := r.change(tx, p, a.Name(), "user.factor-set", struct{}{}); err != nil {
			return err
		}
		out.Opened, err = r.rotate(tx, a)
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	return out, nil
}

// RenewCodes replaces the recovery codes. It takes the password.
func (r *Room) RenewCodes(ctx context.Context, a Actor, password string) (codes []string, err error) {
	err = r.changeFactor(ctx, a, password, func(tx *db.Tx, p person) error {
		codes, p.Recovery = newCodes()
		return r.change(tx, p, a.Name(), "user.codes-renewed", struct{}{})
	})
	return codes, err
}

// EndFactor takes the own second factor away. It takes the password.
func (r *Room) EndFactor(ctx context.Context, a Actor, password string) (out Opened, err error) {
	err = r.changeFactor(ctx, a, password, func(tx *db.Tx, p person) error {
		p.Factor, p.FactorNext, p.Recovery = "", "", ""
		if err := r.change(tx, p, a.Name(), "user.factor-dropped", struct{}{}); err != nil {
			return err
		}
		out, err = r.rotate(tx, a)
		return err
	})
	return out, err
}

func (r *Room) changeFactor(ctx context.Context, a Actor, password string, work func(tx *db.Tx, p person) error) error {
	p, err := r.proveOwn(ctx, a, password)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if p, err = r.present(tx, p); err != nil {
			return err
		}
		if p.Factor == "" {
			return errs.New(errs.Conflict, "%s has no second factor", p.Email)
		}
		return work(tx, p)
	})
}

// newCodes makes recovery codes of 80 random bits and the text that keeps their
// digests.
func newCodes() (codes []string, kept string) {
	var digests []string
	for range recoveryCodes {
		b := make([]byte, 10)
		_, _ = rand.Read(b) // it never fails, or ends the program
		text := strings.ToLower(base32.StdEncoding.EncodeToString(b))
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		digests = append(digests, digest(text))
	}
	return codes, strings.Join(digests, " ")
}

// spend uses a code up: one of the telephone, which no second sign-in takes
// again, or a recovery code.
func (r *Room) spend(p *person, code string) (recovered bool, err error) {
	code = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
	if len(code) == 6 {
		secret, err := r.unseal(p.ID, p.Factor)
		if err != nil {
			return false, err
		}
		step, ok := codeStep(secret, code, r.Clock.Now(), p.FactorStep)
		if !ok {
			return false, ErrWrong
		}
		p.FactorStep = step
		return false, nil
	}
	want, hit := []byte(digest(code)), -1
	left := strings.Fields(p.Recovery)
	for i, kept := range left {
		if subtle.ConstantTimeCompare([]byte(kept), want) == 1 {
			hit = i
		}
	}
	if hit < 0 {
		return false, ErrWrong
	}
	p.Recovery = strings.Join(slices.Delete(left, hit, hit+1), " ")
	return true, nil
}

// codeStep is the 30 seconds, counted from 1970, whose code this is: the
// present ones or their neighbours, for telephones that go wrong, and later than
// after, for a code that somebody looked over a shoulder for is used once.
func codeStep(secret, code string, now time.Time, after int64) (step int64, ok bool) {
	present := now.Unix() / 30
	for s := present - 1; s <= present+1; s++ {
		want, err := totp.GenerateCode(secret, time.Unix(s*30, 0))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > after {
			step, ok = s, true
		}
	}
	return step, ok
}
