package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
	"tocsin/internal/face/provide"
	"tocsin/internal/face/web"
)

// defaultListen is where Tocsin listens when nothing else is said.
const defaultListen = "127.0.0.1:8080"

// farewell is how long requests that run may take to end when the process stops.
const farewell = 5 * time.Second

// serve opens the door. It writes the address into the data folder, where
// commands on the same machine find it.
func (a *App) serve(ctx context.Context) (func(), error) {
	address := a.Listen
	if address == "" {
		address = defaultListen
	}
	if (a.TLSCert == "") != (a.TLSKey == "") {
		return nil, errs.New(errs.Usage, "TLS wants both --tls-cert and --tls-key")
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "listen on %s: %w", address, err)
	}
	scheme := "http"
	if a.TLSCert != "" {
		scheme = "https"
	}
	a.url = scheme + "://" + listener.Addr().String()
	handler, err := a.handler()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	lines, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return lines },
	}
	ended := make(chan error, 1)
	go func() {
		if a.TLSCert != "" {
			ended <- server.ServeTLS(listener, a.TLSCert, a.TLSKey)
			return
		}
		ended <- server.Serve(listener)
	}()
	select {
	case err := <-ended: // a certificate that cannot be read ends it at once
		hangUp()
		return nil, errs.New(errs.Usage, "serve: %w", err)
	case <-time.After(20 * time.Millisecond):
	}
	if err := keep(filepath.Join(a.Data, "url"), a.url+"\n", 0o644); err != nil {
		hangUp()
		return nil, errors.Join(err, server.Close())
	}
	a.log.Info("listening", "url", a.url)
	return func() {
		wait, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		// Live pages hold their lines open for ever: after a moment for everybody
		// else they are told to end.
		moment := time.AfterFunc(time.Second, hangUp)
		defer moment.Stop()
		if err := server.Shutdown(wait); err != nil {
			_ = server.Close()
		}
		hangUp()
	}, nil
}

// handler is everything that answers on the one address.
func (a *App) handler() (http.Handler, error) {
	var pages *web.Site // it stands behind the gate, and draws the gate's refusals
	gate, err := a.newGate(func(w http.ResponseWriter, r *http.Request, err error) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			api.Refuse(w, r, err)
			return
		}
		pages.Refuse(w, r, err)
	})
	if err != nil {
		return nil, err
	}
	a.gate = gate
	calls := api.New(api.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Log: a.log, People: a.people, Estate: a.estate, Duty: a.duty, Regime: a.regime,
		Intel: a.intel, Intake: a.intake, Collect: a.collect, Findings: a.finding, Warnings: a.warning, Deliveries: a.deliver, Bulletins: a.bulletin,
		Settle: a.runner.Settle, Advance: a.advance(), Verify: a.Verify, Backup: a.Backup, Link: a.link, Version: Version(),
	})
	pages = web.New(web.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Bundle: a.bundle, Log: a.log, People: a.people, Gate: gate, Regime: a.regime,
		Estate: a.estate, Duty: a.duty, Intel: a.intel, Intake: a.intake, Collect: a.collect, Findings: a.finding, Warnings: a.warning, Deliveries: a.deliver, Bulletins: a.bulletin,
		City: a.cityName, PublicURL: strings.TrimRight(a.link(""), "/"), Demo: a.Demo,
		Settle: a.runner.Settle, Places: a.runner.Places, Verify: a.Verify, Checkpoint: a.checkpoint, Advance: a.advance(),
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.Handle("GET /metrics", a.metrics(promhttp.HandlerFor(a.registry(), promhttp.HandlerOpts{})))
	public := provide.New(a.bulletin)
	for _, pattern := range provide.Patterns() {
		mux.Handle(pattern, public)
	}
	mux.Handle("/api/", calls)
	mux.Handle("/", pages)
	return a.measured(gate.Handler(mux)), nil
}

// advance is Advance where the clock stands, nil where it goes by itself.
func (a *App) advance() func(context.Context, time.Duration) (time.Time, error) {
	if a.still == nil {
		return nil
	}
	return a.Advance
}

func (a *App) newGate(refuse func(http.ResponseWriter, *http.Request, error)) (*auth.Gate, error) {
	options := auth.Options{
		Proxies: a.Proxies, Secure: a.TLSCert != "" || strings.HasPrefix(a.PublicURL, "https://"), Refuse: refuse,
	}
	if u, err := url.Parse(a.PublicURL); err == nil && u.Host != "" {
		options.Origins = []string{u.Scheme + "://" + u.Host}
	}
	return auth.NewGate(a.people, options)
}

// healthz is 200 while the database answers.
func (a *App) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if _, err := a.runner.Places(ctx); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}

// metrics lets the machine itself and whoever may verify see the measurements:
// how much a city has found is nobody else's business.
func (a *App) metrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		local := err == nil && peer.Addr().IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
		if !local && auth.May(auth.From(r.Context()), auth.VerifyRun) != nil {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cityName is the city's name under Tocsin's own.
func (a *App) cityName(lang string) string {
	for _, o := range a.estate.Forest().Children(0, a.estate.Today()) {
		if o.Kind == "city" {
			if lang == "en" && o.NameEN != "" {
				return o.NameEN
			}
			return o.NameVI
		}
	}
	return ""
}

// checkpoint signs the journal's present size and root.
func (a *App) checkpoint(ctx context.Context) (text string, err error) {
	err = a.db.Read(ctx, func(tx *db.Tx) error {
		text, err = a.seal.Checkpoint(tx)
		return err
	})
	return text, err
}
