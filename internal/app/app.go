// Package app is the one place where all rooms meet: New checks and wires, Start
// starts, Stop stops backwards. flow.go has the main line.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the city's zone, on machines that have none

	"golang.org/x/sys/unix"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/fetch"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/journal"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/regime"
	"tocsin/internal/watch/bulletin"
	"tocsin/internal/watch/deliver"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/collect"
	"tocsin/internal/watch/intel"
	"tocsin/internal/watch/warning"
)

// Options is what an operator sets. Every field's zero value works, but Data.
type Options struct {
	Data      string    // the folder of everything; made when missing
	Database  string    // "sqlite:PATH" or "postgres://…"; "" is a SQLite file in Data
	Listen    string    // "" is 127.0.0.1:8080; port 0 takes a free one
	PublicURL string    // base of links in mail; "" is where it listens
	TLSCert   string    // both or none
	TLSKey    string    //
	Demo      bool      // an invented city that lives; nothing leaves for any address but loopback
	Pace      int       // how many times faster the demo's clock runs; 0 is 60
	Clock     time.Time // a clock that stands here, for tests and drills
	SMTP      string    // "smtp://HOST:PORT"; "" keeps mail in the outbox
	MailFrom  string
	Centre    Centre
	SignKey   string         // file with the private key that mail is signed with; "" signs nothing
	Proxies   []netip.Prefix // whose X-Forwarded-For is believed
	MaxUpload int64          // bytes of one delivery at most; 0 is 4 GiB
	Allow     []string       // private hosts and networks that sources may be fetched from
	Folders   []string       // watched folders of sources lie in one of these
	Mailers   []string       // receiving mail servers whose word on a sender is trusted
	Regime    string         // file with the city's changes of rules; "" is none
	Log       *slog.Logger
}

// An App is one process of Tocsin.
type App struct {
	Options

	log    *slog.Logger
	lock   *os.File
	db     *db.DB
	clock  clock.Clock
	still  *clock.Standing // the clock, where it stands
	bundle *i18n.Bundle
	seal   *journal.Seal

	journal  *journal.Journal
	runner   *journal.Runner
	blobs    *blob.Store
	people   *auth.Room
	gate     *auth.Gate
	regime   *regime.Regime
	estate   *estate.Room
	duty     *duty.Room
	intake   *intake.Room
	intel    *intel.Room
	collect  *collect.Room
	finding  *finding.Room
	warning  *warning.Room
	bulletin *bulletin.Room
	deliver  *deliver.Room

	url      string
	stops    []func() // in the order of starting
	moving   sync.Mutex
	stopOnce sync.Once
}

// New opens the database and wires the rooms. Nothing runs yet. Close what it
// returns.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{Options: o, log: o.Log}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.MaxUpload == 0 {
		a.MaxUpload = 4 << 30
	}
	for _, step := range []func(context.Context) error{a.openData, a.openDatabase, a.setClock, a.openKeys, a.readRules, a.wire} {
		if err := step(ctx); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
}

// openData makes the folder and takes it: a second process on it would be a
// second writer of its files.
func (a *App) openData(context.Context) error {
	if a.Data == "" {
		return errs.New(errs.Usage, "no data folder: give --data DIR")
	}
	if err := os.MkdirAll(a.Data, 0o700); err != nil {
		return errs.New(errs.Unavailable, "make the data folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(a.Data, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return errs.New(errs.Unavailable, "open the data folder: %w", err)
	}
	a.lock = lock
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errs.New(errs.Conflict, "data folder %s: another process works in it", a.Data)
	}
	return nil
}

func (a *App) openDatabase(ctx context.Context) (err error) {
	if a.Database == "" {
		a.Database = "sqlite:" + filepath.Join(a.Data, "tocsin.db")
	}
	if a.db, err = db.Open(ctx, a.Database); err != nil {
		return err
	}
	return a.db.Migrate(ctx, schema())
}

// openKeys reads the secrets of this installation, or makes them. They lie in
// the data folder, not in the database: who can rewrite the one cannot sign for
// the other.
func (a *App) openKeys(context.Context) error {
	private, public := filepath.Join(a.Data, "seal.key"), filepath.Join(a.Data, "seal.pub")
	if _, err := os.Stat(private); errors.Is(err, os.ErrNotExist) {
		key, pub, err := journal.NewKey("tocsin")
		if err != nil {
			return errs.New(errs.Internal, "make the sealing key: %w", err)
		}
		if err := errors.Join(keep(public, pub+"\n", 0o644), keep(private, key+"\n", 0o600)); err != nil {
			return err
		}
	}
	key, err := os.ReadFile(private)
	if err != nil {
		return errs.New(errs.Unavailable, "read the sealing key: %w", err)
	}
	pub, err := os.ReadFile(public)
	if err != nil {
		return errs.New(errs.Unavailable, "read the public sealing key: %w", err)
	}
	a.seal, err = journal.NewSeal(string(key), string(pub))
	return err
}

// keep writes a file whole or not at all.
func keep(path, text string, mode os.FileMode) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(text), mode); err != nil {
		return errs.New(errs.Unavailable, "write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return errs.New(errs.Unavailable, "write %s: %w", filepath.Base(path), err)
	}
	return nil
}

func (a *App) readRules(context.Context) (err error) {
	var changes []byte
	if a.Regime != "" {
		if changes, err = os.ReadFile(a.Regime); err != nil {
			return errs.New(errs.Usage, "read the city's rules: %w", err)
		}
	}
	if a.regime, err = regime.Load(changes); err != nil {
		return err
	}
	a.bundle, err = catalogue(a.regime.Zone())
	return err
}

// wire makes the rooms, each over those before it.
func (a *App) wire(ctx context.Context) (err error) {
	secret, err := auth.LoadSecret(filepath.Join(a.Data, "secret"))
	if err != nil {
		return err
	}
	a.journal = journal.New(a.clock)
	a.blobs = blob.New(blob.Deps{DB: a.db, Clock: a.clock, Folder: filepath.Join(a.Data, "blobs"), Limit: a.MaxUpload})
	a.estate = estate.New(estate.Deps{DB: a.db, Journal: a.journal, Clock: a.clock, Zone: a.regime.Zone()})
	a.people = auth.New(auth.Deps{
		DB: a.db, Journal: a.journal, Clock: clock.Real{}, Secret: secret,
		Scoper: func(_ *db.Tx, organisation int64) ([]int64, error) { return a.estate.Scope(organisation).IDs(), nil },
		Mailer: a.mailLink,
	})
	a.duty = duty.New(duty.Deps{DB: a.db, Journal: a.journal, Clock: a.clock})
	a.intake = intake.New(intake.Deps{DB: a.db, Journal: a.journal, Clock: a.clock, Blobs: a.blobs, MailServers: a.Mailers})
	if err := a.wireCollect(secret); err != nil {
		return err
	}
	a.intel = intel.New(intel.Deps{DB: a.db, Journal: a.journal, Clock: a.clock, Estate: a.estate})
	rules := law{a.regime}
	a.finding = finding.New(finding.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Intake: a.intake, Estate: a.estate, World: a.intel,
		LikelyEPSS: a.intel.Rules.LikelyEPSS, Quiet: rules.quiet,
	})
	a.warning = warning.New(warning.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Texts: a.bundle, Regime: rules,
		Findings: problems{a.finding}, Estate: bodies{a.estate}, Duty: rosters{a.duty}, Sources: sources{a.intake},
	})
	a.wireBulletin()
	if err := a.wireDeliver(ctx); err != nil {
		return err
	}
	a.runner = journal.NewRunner(a.db, a.journal, a.clock, a.log)
	a.runner.Follow(a.flow()...)
	a.runner.On(a.alarms()...)
	a.runner.Work(a.workers()...)
	return a.estate.Load(ctx)
}

// wireCollect makes the room that fetches what sources keep ready.
func (a *App) wireCollect(secret [32]byte) error {
	guard, err := fetch.Allow(a.Allow...)
	if err != nil {
		return err
	}
	seal, open, err := collect.NewSeal(secret)
	if err != nil {
		return err
	}
	a.collect = collect.New(collect.Deps{
		DB: a.db, Journal: a.journal, Clock: a.clock, Intake: a.intake, Log: a.log, Guard: guard,
		Fetch: fetch.New(fetch.Options{Guard: guard, Clock: a.clock}), Folders: a.Folders, Seal: seal, Open: open,
	})
	return nil
}

// Start begins to work: the stages, the clock, the deliveries, the server and,
// in a demo, the city's life. The error leaves nothing running.
func (a *App) Start(ctx context.Context) error {
	for _, step := range []struct {
		name  string
		start func(context.Context) (stop func(), err error)
	}{
		{"sweep", a.sweep},
		{"first account", a.firstAccount},
		{"digests", a.digests},
		{"stages", a.startStages},
		{"estate", a.followEstate},
		{"server", a.serve},
		{"demo", a.play},
	} {
		stop, err := step.start(ctx)
		if err != nil {
			a.Stop()
			return fmt.Errorf("start %s: %w", step.name, err)
		}
		if stop != nil {
			a.stops = append(a.stops, stop)
		}
	}
	return nil
}

// Stop ends everything in the opposite order of Start and closes the database.
func (a *App) Stop() {
	a.stopOnce.Do(func() {
		for _, stop := range slices.Backward(a.stops) {
			stop()
		}
		a.close()
	})
}

func (a *App) close() {
	if a.db != nil {
		if err := a.db.Close(); err != nil {
			a.log.Error("close the database", "error", err)
		}
	}
	if a.lock != nil {
		_ = a.lock.Close()
	}
}

// URL is where the server listens, once it does.
func (a *App) URL() string { return a.url }

// link makes an address for people.
func (a *App) link(path string) string {
	base := a.PublicURL
	if base == "" {
		base = a.url
	}
	return strings.TrimRight(base, "/") + path
}

// sweep removes the files of deliveries that a crash kept from being stored.
func (a *App) sweep(ctx context.Context) (func(), error) {
	n, err := a.blobs.Sweep(ctx, 0)
	if n > 0 {
		a.log.Info("removed what a crash left", "files", n)
	}
	return nil, err
}

// firstAccount makes the first admin and writes the token to the data folder.
func (a *App) firstAccount(ctx context.Context) (func(), error) {
	_, err := a.people.FirstAdmin(ctx, "admin@tocsin.example", func(f auth.First) error {
		return errors.Join(
			keep(filepath.Join(a.Data, "admin.invitation"), f.Invitation.Secret+"\n", 0o600),
			keep(filepath.Join(a.Data, "admin.token"), f.Token+"\n", 0o600))
	})
	return nil, err
}

// digests sets the clocks of the digests that are not set yet.
func (a *App) digests(ctx context.Context) (func(), error) { return nil, a.warning.Begin(ctx) }

func (a *App) startStages(ctx context.Context) (func(), error) {
	return a.runner.Stop, a.runner.Start(ctx)
}

// followEstate keeps what this process remembers of the estate and of people's
// reach up with the journal, whichever process wrote to it.
func (a *App) followEstate(ctx context.Context) (func(), error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() {
		verbs := estate.Verbs()
		var seen int64
		for ctx.Err() == nil {
			news := a.journal.News()
			var entries []journal.Entry
			err := a.db.Read(ctx, func(tx *db.Tx) (err error) {
				entries, err = journal.Entries(tx, journal.Query{After: seen, Verbs: verbs, Limit: 1000, Newest: true})
				return err
			})
			if err == nil && len(entries) > 0 {
				if err = a.estate.Sync(ctx); err == nil {
					seen = entries[0].Seq
					a.people.Forget()
				}
			}
			if err != nil && ctx.Err() == nil {
				a.log.Warn("follow the estate", "error", err)
			}
			timer := time.NewTimer(time.Second)
			select {
			case <-ctx.Done():
			case <-news:
			case <-timer.C:
			}
			timer.Stop()
		}
	})
	return func() { cancel(); done.Wait() }, nil
}
