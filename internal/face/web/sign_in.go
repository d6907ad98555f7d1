package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/web/ui"
)

// signInPage is the way in: address and password, then the code where the
// account has a second factor.
type signInPage struct {
	Next  string
	Step  string // the sealed first half; "" is the first half itself
	Email string
	Demo  bool // the city is invented
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if who(r).Known() {
		return s.done(w, r, orHome(next), ui.Flash{})
	}
	p := s.page(w, r, "web.sign_in.title")
	return s.show(w, r, signInView(p, signInPage{Next: next, Demo: s.Demo}))
}

func (s *Site) signInDo(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "web.sign_in.title")
	d := signInPage{Next: localPath(r.PostFormValue("next")), Email: r.PostFormValue("email")}
	half := firstHalf{Email: d.Email, Password: r.PostFormValue("password")}
	if sealed := r.PostFormValue("step"); sealed != "" {
		var err error
		if half, err = s.unsealHalf(sealed); err != nil {
			wrong(p, "", "web.sign_in.again")
			return s.showAs(w, r, http.StatusUnprocessableEntity, signInView(p, signInPage{Next: d.Next}))
		}
		d.Step, d.Email = sealed, half.Email
		if r.PostFormValue("code") == "" {
			wrong(p, "code", "web.sign_in.no_code")
			return s.showAs(w, r, http.StatusUnprocessableEntity, signInView(p, d))
		}
	} else if half.Email == "" || half.Password == "" {
		p.Posted = url.Values{"email": {half.Email}}
		if half.Email == "" {
			wrong(p, "email", "web.sign_in.no_email")
		}
		if half.Password == "" {
			wrong(p, "password", "web.sign_in.no_password")
		}
		return s.showAs(w, r, http.StatusUnprocessableEntity, signInView(p, d))
	}
	opened, err := s.People.SignIn(r.Context(), auth.Attempt{
		Email: half.Email, Password: half.Password, Code: r.PostFormValue("code"), Address: s.Gate.Address(r), Agent: r.UserAgent(),
	})
	switch {
	case err == nil:
		s.Gate.GiveCookie(w, opened)
		s.speakTo(w, r, opened.User.Language)
		return s.done(w, r, orHome(d.Next), ui.Flash{})
	case errs.Is(err, errs.TooMany):
		w.Header().Set("Retry-After", "60")
		wrong(p, "", "web.sign_in.locked")
		p.Posted = url.Values{"email": {half.Email}}
		return s.showAs(w, r, http.StatusTooManyRequests, signInView(p, signInPage{Next: d.Next}))
	case err == auth.ErrCode: //nolint:errorlint // a sentinel that is never wrapped
		d.Step, err = s.sealHalf(half)
		if err != nil {
			return err
		}
		return s.show(w, r, signInView(p, d))
	case errs.Is(err, errs.Unknown):
		field, key := "password", "web.sign_in.wrong"
		if d.Step != "" {
			field, key = "code", "web.sign_in.wrong_code"
		}
		wrong(p, field, key)
		p.Posted = url.Values{"email": {half.Email}}
		return s.showAs(w, r, http.StatusUnprocessableEntity, signInView(p, d))
	}
	return err
}

// speakTo makes the pages speak the person's language, unless the reader has
// chosen one.
func (s *Site) speakTo(w http.ResponseWriter, r *http.Request, language string) {
	if _, err := r.Cookie("tocsin_language"); err == nil || language == "" || language == i18n.Vietnamese {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: "tocsin_language", Value: language, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

func orHome(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// A firstHalf is what was right while the code is still to come. It travels to
// the browser and back sealed, so that the server remembers nobody who has not
// signed in yet.
type firstHalf struct {
	Email, Password string
	Until           time.Time
}

// halfLife is how long somebody may look for the telephone.
const halfLife = 5 * time.Minute

func (s *Site) sealHalf(h firstHalf) (string, error) {
	h.Until = s.People.Clock.Now().Add(halfLife)
	text, err := json.Marshal(h)
	if err != nil {
		return "", errs.New(errs.Internal, "seal a sign-in: %w", err)
	}
	aead, err := s.aead()
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, text, nil)), nil
}

func (s *Site) unsealHalf(sealed string) (h firstHalf, err error) {
	aead, err := s.aead()
	if err != nil {
		return h, err
	}
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		b, err = aead.Open(nil, nil, b, nil)
	}
	if err == nil {
		err = json.Unmarshal(b, &h)
	}
	if err != nil || s.People.Clock.Now().After(h.Until) {
		return firstHalf{}, errs.New(errs.Invalid, "the first half of the sign-in is over")
	}
	return h, nil
}

func (s *Site) aead() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.People.Secret[:], nil, "tocsin half a sign-in 1", 32)
	if err != nil {
		return nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errs.New(errs.Internal, "derive a key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.People.SignOut(r.Context(), who(r)); err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	s.Gate.TakeCookie(w)
	return s.done(w, r, "/sign-in", ui.Flash{Text: s.voice(r).T("web.sign_in.out")})
}
