package cli

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
)

func TestEveryCommandAndFlagIsExplainedInBothLanguages(t *testing.T) {
	b := i18n.New()
	if err := b.Add(texts); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	i18ntest.Strict(t, b)
	for _, lang := range b.Languages() {
		voice := b.In(lang)
		_, err := kong.New(&grammar{}, kong.PostBuild(func(k *kong.Kong) error { return speak(k.Model, voice) }))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoTextIsKeptThatNobodyReads(t *testing.T) {
	b := i18n.New()
	if err := b.Add(texts); err != nil {
		t.Fatal(err)
	}
	commands, flags := map[string]bool{"tocsin": true}, map[string]bool{}
	k, err := kong.New(&grammar{})
	if err != nil {
		t.Fatal(err)
	}
	voice := b.In(i18n.English)
	for _, f := range k.Model.Flags {
		flags[flagKey("", f.Name, voice)] = true
	}
	err = kong.Visit(k.Model, func(n kong.Visitable, next kong.Next) error {
		if node, ok := n.(*kong.Node); ok && node.Type != kong.ApplicationNode {
			commands[strings.ReplaceAll(commandPath(node), " ", ".")] = true
			for _, f := range node.Flags {
				flags[flagKey(commandPath(node), f.Name, voice)] = true
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range b.Keys() {
		if command, ok := strings.CutPrefix(key, "cli.help."); ok && !commands[command] {
			t.Errorf("%s: no such command", key)
		}
		if strings.HasPrefix(key, "cli.flag.") && !flags[key] {
			t.Errorf("%s: no such flag", key)
		}
	}
}

func TestHelpSpeaksTheCallersLanguage(t *testing.T) {
	s := &shell{t: t, dir: t.TempDir(), env: map[string]string{"LANG": "vi_VN.UTF-8"}}
	for _, args := range [][]string{{"--help"}, {"finding", "--help"}, {"finding", "accept", "--help"}, {"serve", "-h"}} {
		o := s.run(args...)
		if o.code != 0 || !strings.HasPrefix(o.out, "Cách dùng: tocsin") || o.err != "" {
			t.Errorf("%v: %+v", args, o)
		}
		if o := s.run(append(args, "--language=en")...); o.code != 0 || !strings.HasPrefix(o.out, "Usage: tocsin") {
			t.Errorf("%v: %+v", args, o)
		}
	}
	if o := s.run("finding", "list"); !strings.HasPrefix(o.err, "tocsin: sai cách dùng: ") {
		t.Errorf("%+v", o)
	}
}
