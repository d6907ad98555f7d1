package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/face/api"
)

// Run is the program for its arguments, without its name, and returns the exit
// code.
func Run(args []string, hooks Hooks) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return run(ctx, args, world{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv, width: width(os.Stdout), live: terminal(os.Stderr), hooks: hooks,
	})
}

// A world is what a command finds around it.
type world struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) (string, bool)
	width    int  // of the terminal that out is; 0 when it is none
	live     bool // err is a terminal
	hooks    Hooks
}

func (w world) value(name string) string {
	v, _ := w.env(name)
	return v
}

// A session is one run of a command.
type session struct {
	world
	*globals
	ctx    context.Context //nolint:containedctx // the run is the command's whole life
	voice  i18n.Voice
	client *client // nil until asked for
}

func run(ctx context.Context, args []string, w world) int {
	voice := voiceOf(args, w)
	early := slices.Contains(args, "--json") || slices.Contains(args, "--jsonl")
	var g grammar
	helped := false
	parser, err := kong.New(&g,
		kong.Name("tocsin"), kong.Writers(w.out, w.err), kong.Exit(func(int) { helped = true }),
		kong.PostBuild(func(k *kong.Kong) error { return speak(k.Model, voice) }),
		kong.Help(func(_ kong.HelpOptions, k *kong.Context) error { return help(k, voice, w) }),
		kong.WithBeforeResolve(configured),
	)
	if err != nil {
		panic("cli: the grammar is sound: " + err.Error())
	}
	k, err := parser.Parse(args)
	switch {
	case helped:
		return 0
	case err != nil:
		return report(w, voice, early, usage(err, voice))
	}
	s := &session{world: w, globals: &g.globals, ctx: ctx, voice: voice}
	if err := k.Run(s, k); err != nil {
		return report(w, voice, s.JSON || s.JSONL, err)
	}
	return 0
}

// usage is a call that the grammar does not take, with where to read on.
func usage(err error, voice i18n.Voice) error {
	command := "tocsin"
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context != nil && e.Context.Selected() != nil {
		command = e.Context.Selected().FullPath()
	}
	if errs.CodeOf(err) != errs.Internal {
		return err // a setting's own
	}
	return errs.New(errs.Usage, "%w; %s", err, voice.T("cli.hint", "command", command))
}

// exit is an error that says nothing more than its exit code: what it is about
// has been said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// report says an error on standard error and returns its exit code.
func report(w world, voice i18n.Voice, machine bool, err error) int {
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = &problem{Problem: *api.Of(err)}
		p.Detail = err.Error() // ours is no secret to who runs us
	}
	if machine {
		encoder := json.NewEncoder(w.err)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(p.Problem) // nowhere is left to say that standard error is gone
		return p.exit()
	}
	_, _ = fmt.Fprintf(w.err, "tocsin: %s: %s\n", voice.T("cli.code."+p.code().String()), plain(p.Detail))
	const most = 50
	for i, place := range p.Places {
		if i == most {
			_, _ = fmt.Fprintf(w.err, "  %s\n", voice.N("cli.more-places", len(p.Places)-most))
			break
		}
		if text := place.String(); text != p.Detail {
			_, _ = fmt.Fprintf(w.err, "  %s\n", plain(text))
		}
	}
	return p.exit()
}

// problem is an error that the server answered, or one of ours in its form.
type problem struct {
	api.Problem
}

func (p *problem) Error() string { return p.Detail }

func (p *problem) code() errs.Code { return errs.Named(p.Code) }

func (p *problem) exit() int { return p.code().Exit() }

// voiceOf is the language that the caller reads: --language, TOCSIN_LANGUAGE, then
// what the system is set to. Who sets nothing gets English, as from other
// commands.
func voiceOf(args []string, w world) i18n.Voice {
	b := i18n.New()
	if err := b.Add(texts); err != nil {
		panic("cli: its own texts are sound: " + err.Error())
	}
	asked := ""
	for i, a := range args {
		if text, ok := strings.CutPrefix(a, "--language="); ok {
			asked = text
		} else if a == "--language" && i+1 < len(args) {
			asked = args[i+1]
		}
	}
	for _, name := range []string{"TOCSIN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if asked == "" {
			asked = w.value(name)
		}
	}
	if strings.HasPrefix(strings.ToLower(asked), i18n.Vietnamese) {
		return b.In(i18n.Vietnamese)
	}
	return b.In(i18n.English)
}

// status is the code of an answer without a problem document: a proxy's.
func status(code int) errs.Code {
	for c := errs.Internal; c <= errs.TooMany; c++ {
		if c.HTTP() == code {
			return c
		}
	}
	if code == http.StatusBadGateway || code == http.StatusGatewayTimeout {
		return errs.Unavailable
	}
	if code >= 400 && code < 500 {
		return errs.Usage
	}
	return errs.Internal
}
