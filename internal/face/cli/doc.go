// Package cli is the command line. Every command but those of the process itself
// is a client of the API, so that it can do what the caller's token may and no
// more, on this machine or another. One file is one command, or the few acts of
// one noun.
//
// What a command prints is for people unless --json or --jsonl is given; then
// standard output carries JSON and nothing else, and an error is a problem
// document on standard error. Exit codes are those of errs.
package cli

import (
	"context"
	"embed"
	"io"
	"time"

	"tocsin/internal/base/journal"
)

//go:embed texts
var texts embed.FS

// Hooks are what only the whole program can do. Who calls Run gives them.
type Hooks struct {
	// Serve runs the server until ctx ends.
	Serve func(ctx context.Context, o ServeOptions) error
	// Restore makes the folder of a backup. Conflict when it is not empty.
	Restore func(ctx context.Context, o RestoreOptions) error
	// Backup and Verify work on the folder of a server that does not run.
	Backup func(ctx context.Context, s Store, w io.Writer) error
	Verify func(ctx context.Context, s Store, checkpoint string) (journal.Verdict, error)
	// Version is the program's.
	Version string
}

// A Store is where a server keeps everything.
type Store struct {
	Data string // the folder
	DB   string // "sqlite:PATH", "postgres://…", or "" for the folder's own
}

// ServeOptions are the settings of a server. Every zero value but Data has a
// meaning that works.
type ServeOptions struct {
	Store
	Listen        string    // "127.0.0.1:8080"; port 0 is any
	PublicURL     string    // the base of links in mail; "" is where it listens
	TLSCert       string    // files in PEM; both or none
	TLSKey        string    //
	Demo          bool      // the demo city, and no mail but to loopback
	Clock         time.Time // the clock stands there; zero is the real one
	SMTP          string    // smtp://HOST:PORT, smtps://USER:PASSWORD@HOST:PORT; "" keeps mail in the outbox
	MailFrom      string    // "" is made from the public URL
	CentreName    string    // the publisher of bulletins; "" takes the catalogue's
	CentreContact string    // mailto: or https: address for whoever has found a weakness
	SignKey       string    // "" signs no mail
	Rules         string    // file of the city's changes to the rules (city/regime), its zone among them; "" is none
	Proxies       []string  // networks whose X-Forwarded-For is believed
	Allow         []string  // private hosts and networks that sources may be fetched from
	Folders       []string  // watched folders of sources lie in one of these
	Mailers       []string  // receiving mail servers whose word on a sender is trusted
	MaxUpload     int64     // bytes of one document at most; 0 is the store's own limit
	LogLevel      string    // debug, info, warn or error
	LogFormat     string    // text or json
}

// RestoreOptions say what is restored where.
type RestoreOptions struct {
	Store
	Backup io.Reader
}
