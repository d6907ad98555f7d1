// Package i18ntest lets a test fail when a page or a mail asks for a text that
// no catalogue has.
package i18ntest

import (
	"testing"

	"tocsin/internal/base/i18n"
)

// Strict fails t at its end when a voice of b was asked for a key it does not
// have, or a placeholder got no value.
func Strict(t testing.TB, b *i18n.Bundle) {
	t.Helper()
	t.Cleanup(func() {
		for _, what := range b.Missing() {
			t.Errorf("catalogues: %s", what)
		}
	})
}
