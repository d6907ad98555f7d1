package auth

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

type actorKey struct{}

// From is the actor of a request, the zero Actor when nobody is signed in. It
// is the only thing that a context carries.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// With gives a context an actor: the Gate does it, and tests of pages do.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// Options say how a Gate meets the world.
type Options struct {
	// Secure says that browsers come by TLS, here or at a proxy in front: the
	// cookie then has the prefix __Host-, which no other host and no plain
	// connection can set.
	Secure bool
	// Origins are what browsers may call the server besides what the Host header
	// says: the public URL, where a proxy changes the Host.
	Origins []string
	// Proxies are the neighbours whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Refuse answers a request that does not pass, as a page or a problem
	// document, whatever the path wants.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// A Gate stands before every handler.
type Gate struct {
	room    *Room
	options Options
	cross   *http.CrossOriginProtection
}

// NewGate is the gate of a room. Usage for an origin that is none.
func NewGate(r *Room, o Options) (*Gate, error) {
	g := &Gate{room: r, options: o, cross: http.NewCrossOriginProtection()}
	for _, origin := range o.Origins {
		if err := g.cross.AddTrustedOrigin(origin); err != nil {
			return nil, errs.New(errs.Usage, "origin %q: %w", origin, err)
		}
	}
	return g, nil
}

// Handler finds out who calls and passes the request on with the Actor on its
// context; who may what is the verbs' to say.
//
// A Bearer token that is not good is refused, for a machine must learn of it. A
// cookie that is not good is taken back and the caller is nobody, so that the
// page shows the way in. What changes something and comes with no token must
// come from our own pages: browsers send the cookie for whoever asks them to,
// and a sign-in forged from elsewhere is an attack as well.
func (g *Gate) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := g.who(w, r)
		if err != nil {
			g.options.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), a)))
	})
}

func (g *Gate) who(w http.ResponseWriter, r *http.Request) (Actor, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, text, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return Actor{}, errs.New(errs.Unknown, "authorization: want Bearer")
		}
		a, err := g.room.ByToken(r.Context(), strings.TrimSpace(text))
		if errs.Is(err, errs.Unknown) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		return a, err
	}
	if err := g.cross.Check(r); err != nil {
		return Actor{}, errs.New(errs.Denied, "%w", err)
	}
	cookie, err := r.Cookie(g.cookieName())
	if err != nil {
		return Actor{}, nil //nolint:nilerr // no cookie is nobody, and no failure
	}
	a, err := g.room.BySession(r.Context(), cookie.Value)
	if errs.Is(err, errs.Unknown) {
		g.TakeCookie(w)
		return Actor{}, nil
	}
	return a, err
}

func (g *Gate) cookieName() string {
	if g.options.Secure {
		return "__Host-tocsin"
	}
	return "tocsin"
}

// GiveCookie gives the browser a session: after SignIn, and after every verb
// that returns an Opened, whose secret is a new one.
func (g *Gate) GiveCookie(w http.ResponseWriter, o Opened) {
	left := max(1, int(o.Session.Expires.Sub(g.room.Clock.Now())/time.Second))
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(), Value: o.Secret, Path: "/", MaxAge: left,
		Secure: g.options.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// TakeCookie takes the browser's session away: after SignOut.
func (g *Gate) TakeCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(), Path: "/", MaxAge: -1,
		Secure: g.options.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Address is the caller's: the last one of X-Forwarded-For that no proxy of ours
// has, when the request comes from a proxy of ours; else the connection's.
func (g *Gate) Address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	here := at.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && g.ours(here); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		here = hop.Unmap()
	}
	return here
}

func (g *Gate) ours(a netip.Addr) bool {
	for _, p := range g.options.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Limit lets through what l has room for, by the caller's address, and refuses
// the rest with TooMany and Retry-After. It stands before what anybody may call:
// the acknowledgement link.
func (g *Gate) Limit(l *Limiter, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := l.Take(AddressKey(g.Address(r))); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
			g.options.Refuse(w, r, errs.New(errs.TooMany, "too often from %s", g.Address(r)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// LinkLimit is what one address may do with public links: 300 at once, then
// five a second. A whole department acknowledges from one address; a guesser of
// links of 128 bits needs rather more.
func (r *Room) LinkLimit() *Limiter { return NewLimiter(r.Clock, 300, 200*time.Millisecond) }
