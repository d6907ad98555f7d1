package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // The city's zone must be known on a bare machine.

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Vietnamese and English are the language codes a Bundle knows. Vietnamese is
// the one that answers when a code is unknown.
const (
	Vietnamese = "vi"
	English    = "en"
)

// DefaultZone is the zone of the first city.
const DefaultZone = "Asia/Ho_Chi_Minh"

//go:embed texts
var ownTexts embed.FS

// Bundle holds the catalogues of all rooms. It is filled while the program is
// put together and read by everybody afterwards; both may happen at once.
type Bundle struct {
	adding  sync.Mutex // One Add or SetZone at a time; readers never take it.
	current atomic.Pointer[catalogues]

	misses sync.Map // What was asked for and not found: string to nothing.
}

// catalogues is never changed once it is published: Add publishes a new one.
type catalogues struct {
	zone  *time.Location
	langs map[string]*catalogue
}

type catalogue struct {
	lang     string
	tag      language.Tag
	style    style
	messages map[string]message
}

// New gives a bundle that can already write times and numbers and holds no
// other texts, in the zone of Ho Chi Minh City.
func New() *Bundle {
	zone, err := time.LoadLocation(DefaultZone)
	if err != nil {
		panic("i18n: the zone of the first city is built in: " + err.Error())
	}
	b := &Bundle{}
	b.current.Store(&catalogues{zone: zone, langs: map[string]*catalogue{
		Vietnamese: {lang: Vietnamese, tag: language.Vietnamese, style: vietnameseStyle(), messages: map[string]message{}},
		English:    {lang: English, tag: language.English, style: englishStyle(), messages: map[string]message{}},
	}})
	if err := b.Add(ownTexts); err != nil {
		panic("i18n: its own texts are sound: " + err.Error())
	}
	return b
}

// SetZone makes all Voices handed out from now on write times in the city's
// zone.
func (b *Bundle) SetZone(zone *time.Location) {
	b.adding.Lock()
	defer b.adding.Unlock()
	next := *b.current.Load()
	next.zone = zone
	b.current.Store(&next)
}

// Add takes in the catalogues under texts/ of one room. A key that another
// file already brought, a malformed file, or a folder without both languages
// is an error, and then nothing of fsys is taken in. Voices handed out before
// do not see the new texts.
func (b *Bundle) Add(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "texts/*.json")
	if err != nil {
		return fmt.Errorf("list catalogues: %w", err)
	}
	b.adding.Lock()
	defer b.adding.Unlock()
	next := b.current.Load().copied()
	seen := map[string]bool{}
	for _, file := range files {
		lang := languageOf(file)
		c, ok := next.langs[lang]
		if !ok {
			return fmt.Errorf("catalogue %s: name it vi.json, en.json, NAME.vi.json or NAME.en.json", file)
		}
		seen[lang] = true
		if err := c.read(fsys, file); err != nil {
			return err
		}
	}
	for lang := range next.langs {
		if !seen[lang] {
			return fmt.Errorf("catalogues: texts/%s.json is missing", lang)
		}
	}
	b.current.Store(next)
	return nil
}

func (c *catalogues) copied() *catalogues {
	next := &catalogues{zone: c.zone, langs: map[string]*catalogue{}}
	for lang, old := range c.langs {
		fresh := *old
		fresh.messages = maps.Clone(old.messages)
		next.langs[lang] = &fresh
	}
	return next
}

// languageOf reads "vi" out of texts/vi.json and texts/page.vi.json.
func languageOf(file string) string {
	name := strings.TrimSuffix(path.Base(file), ".json")
	return name[strings.LastIndexByte(name, '.')+1:]
}

func (c *catalogue) read(fsys fs.FS, file string) error {
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return fmt.Errorf("catalogue %s: %w", file, err)
	}
	messages, err := parse(raw)
	if err != nil {
		return fmt.Errorf("catalogue %s: %w", file, err)
	}
	for key, m := range messages {
		if _, taken := c.messages[key]; taken {
			return fmt.Errorf("catalogue %s: key %q is already in another catalogue", file, key)
		}
		c.messages[key] = m
	}
	return nil
}

// In gives the voice of a language: "vi" or "en", with a region or not
// ("en-GB"); Vietnamese for anything else.
func (b *Bundle) In(lang string) Voice {
	now := b.current.Load()
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	c, ok := now.langs[base]
	if !ok {
		c = now.langs[Vietnamese]
	}
	return Voice{bundle: b, catalogue: c, zone: now.zone}
}

// Languages are the codes that In knows, Vietnamese first.
func (b *Bundle) Languages() []string { return []string{Vietnamese, English} }

// Keys are all keys of all catalogues, sorted.
func (b *Bundle) Keys() []string {
	all := map[string]bool{}
	for _, c := range b.current.Load().langs {
		for key := range c.messages {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Missing tells what voices of this bundle were asked for and could not say:
// unknown keys, and placeholders that got no value. Tests end by looking here;
// i18ntest.Strict does it for them.
func (b *Bundle) Missing() []string {
	var all []string
	b.misses.Range(func(what, _ any) bool {
		all = append(all, what.(string))
		return true
	})
	slices.Sort(all)
	return all
}

func (b *Bundle) miss(what string) { b.misses.Store(what, nil) }

// Check reports, joined into one error, every key that one language lacks,
// every key whose placeholders differ between the languages, plurals that
// cannot speak of every number, and Vietnamese that is not in composed form or
// not in the tone-mark style of the official press (Hòa, not Hoà).
func (b *Bundle) Check() error {
	now := b.current.Load()
	vi, en := now.langs[Vietnamese].messages, now.langs[English].messages
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	for _, key := range b.Keys() {
		inVi, okVi := vi[key]
		inEn, okEn := en[key]
		switch {
		case !okVi:
			fault("%s: no Vietnamese text", key)
			continue
		case !okEn:
			fault("%s: no English text", key)
			continue
		}
		if inVi.plural() && !inEn.plural() {
			fault("%s: a plural in Vietnamese and none in English", key)
		}
		if inEn.plural() && inEn.one == nil {
			fault("%s: the English plural has no \"one\"", key)
		}
		if a, b := inVi.names(), inEn.names(); !slices.Equal(a, b) {
			fault("%s: placeholders differ: %v in Vietnamese, %v in English", key, a, b)
		}
		for _, text := range inVi.sources {
			if !norm.NFC.IsNormalString(text) {
				fault("%s: Vietnamese text is not in composed form (NFC)", key)
			}
			if word := otherToneStyle(text); word != "" {
				fault("%s: %q is not in the tone-mark style of the official press", key, word)
			}
		}
	}
	return errors.Join(faults...)
}
