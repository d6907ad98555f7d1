package app

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/cli"
)

// version is set by the linker (see Makefile).
var version string // the linker sets variables, nothing else

// Version is the program's version: the commit that it was built from.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

// Main is the program: it runs the command and returns its exit code.
func Main(args []string) int {
	return cli.Run(args, cli.Hooks{Serve: runServer, Restore: restore, Backup: backupOf, Verify: verifyOf, Version: Version()})
}

// runServer runs the server until ctx ends.
func runServer(ctx context.Context, o cli.ServeOptions) error {
	log, err := logger(o.LogLevel, o.LogFormat)
	if err != nil {
		return err
	}
	proxies, err := prefixes(o.Proxies)
	if err != nil {
		return err
	}
	a, err := New(ctx, Options{
		Data: o.Data, Database: o.DB, Listen: o.Listen, PublicURL: o.PublicURL, TLSCert: o.TLSCert, TLSKey: o.TLSKey, Demo: o.Demo,
		Clock: o.Clock, SMTP: o.SMTP, MailFrom: o.MailFrom, Centre: Centre{Name: o.CentreName, Contact: o.CentreContact}, SignKey: o.SignKey, Regime: o.Rules, Proxies: proxies, Allow: o.Allow, Folders: o.Folders, Mailers: o.Mailers, MaxUpload: o.MaxUpload, Log: log,
	})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	a.welcome()
	<-ctx.Done()
	a.log.Info("stopping")
	a.Stop()
	return nil
}

func logger(level, format string) (*slog.Logger, error) {
	var threshold slog.Level
	if level != "" {
		if err := threshold.UnmarshalText([]byte(level)); err != nil {
			return nil, errs.New(errs.Usage, "log level %q: want debug, info, warn or error", level)
		}
	}
	options := &slog.HandlerOptions{Level: threshold}
	switch format {
	case "", "text":
		return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	}
	return nil, errs.New(errs.Usage, "log format %q: want text or json", format)
}

func prefixes(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil {
				return nil, errs.New(errs.Usage, "proxy %q: want an address or a network", text)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

func restore(ctx context.Context, o cli.RestoreOptions) error {
	return Restore(ctx, o.Backup, Options{Data: o.Data, Database: o.DB})
}

// resting opens the folder of a server that does not run.
func resting(ctx context.Context, s cli.Store) (*App, error) {
	if _, err := os.Stat(s.Data); err != nil {
		return nil, errs.New(errs.NotFound, "data folder %s: there is none", s.Data)
	}
	return New(ctx, Options{Data: s.Data, Database: s.DB})
}

func backupOf(ctx context.Context, s cli.Store, w io.Writer) error {
	a, err := resting(ctx, s)
	if err != nil {
		return err
	}
	defer a.Stop()
	return a.Backup(ctx, w)
}

func verifyOf(ctx context.Context, s cli.Store, checkpoint string) (journal.Verdict, error) {
	a, err := resting(ctx, s)
	if err != nil {
		return journal.Verdict{}, err
	}
	defer a.Stop()
	return a.Verify(ctx, checkpoint)
}
