package cli

import (
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/base/errs"
)

// configured lays the settings of a file under the flags: a flag goes before the
// environment, the environment before the file, the file before the default.
func configured(k *kong.Context) error {
	node := k.Selected()
	if node == nil {
		return nil
	}
	var file string
	for _, f := range k.Flags() {
		if f.Name == "config" {
			file, _ = k.FlagValue(f).(string)
		}
	}
	if file == "" {
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return noFile(file, err)
	}
	settings, err := parseConfig(file, string(raw))
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range k.Flags() {
		known[f.Name] = f.Name != "config" && f.Name != "help"
	}
	for name, x := range settings {
		if !known[name] {
			return errs.At(errs.Invalid, []errs.Place{{File: file, Line: x.line, Field: name, Reason: "no such setting"}}, "read %s: line %d: no setting %q", file, x.line, name)
		}
	}
	k.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		x, ok := settings[f.Name]
		if !ok {
			return nil, nil //nolint:nilnil // the resolver's way to say that it has none
		}
		for _, name := range f.Envs {
			if _, set := os.LookupEnv(name); set {
				return nil, nil //nolint:nilnil // the environment goes before the file
			}
		}
		return x.value, nil
	}))
	return nil
}

// A setting is a line of the file.
type setting struct {
	value string
	line  int
}

// parseConfig reads a file of settings: a line is NAME = VALUE, where NAME is a
// flag's without its dashes; blank lines and those that begin with # say
// nothing.
func parseConfig(file, text string) (map[string]setting, error) {
	settings := map[string]setting{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		wrong := ""
		switch _, twice := settings[name]; {
		case !ok || name == "":
			wrong = "want NAME = VALUE"
		case twice:
			wrong = "set twice"
		}
		if wrong != "" {
			return nil, errs.At(errs.Invalid, []errs.Place{{File: file, Line: i + 1, Field: name, Reason: wrong}}, "read %s: line %d: %s", file, i+1, wrong)
		}
		settings[name] = setting{value: value, line: i + 1}
	}
	return settings, nil
}

// size is a number of bytes: 500000, 64K, 512M, 4G, by powers of 1024.
type size int64

// UnmarshalText reads a size.
func (z *size) UnmarshalText(text []byte) error {
	digits := strings.ToUpper(strings.TrimSpace(string(text)))
	shift := 0
	for i, unit := range []string{"K", "M", "G", "T"} {
		if cut, ok := strings.CutSuffix(digits, unit); ok {
			digits, shift = cut, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return errs.New(errs.Usage, "%q is no size: want one like 512M or 4G", text)
	}
	*z = size(n << shift)
	return nil
}
