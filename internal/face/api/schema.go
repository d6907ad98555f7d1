package api

import (
	"path"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName is the name of a type in the description. Rooms have types of the
// same name (warning.View, deliver.View), so a room's type has the room before
// it: WarningView; ours stand alone.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if t.Name() == "" || t.PkgPath() == "" {
		return name
	}
	// The rooms' types that a type of ours is made of stand in its name with
	// their whole path: items[tocsin/internal/watch/warning.View].
	room := regexp.MustCompile(`[\w./-]*/(\w+)\.(\w+)`)
	own := path.Base(reflect.TypeFor[Problem]().PkgPath())
	text := room.ReplaceAllStringFunc(t.PkgPath()+"."+t.Name(), func(found string) string {
		parts := room.FindStringSubmatch(found)
		if parts[1] == own {
			return parts[2]
		}
		return capital(parts[1]) + capital(parts[2])
	})
	var b strings.Builder
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[]*, ", r) }) {
		b.WriteString(capital(word))
	}
	return b.String()
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
