package api_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/errs"
	"tocsin/internal/face/api"
)

func TestEveryCodeHasItsProblem(t *testing.T) {
	for code := errs.Internal; code <= errs.TooMany; code++ {
		p := api.Of(fmt.Errorf("outer: %w", errs.At(code, []errs.Place{{Field: "f", Reason: "r"}}, "what %d", 7)))
		if p.Status != code.HTTP() || p.Code != code.String() || errs.Named(p.Code) != code || p.Title == "" || p.Type == "" {
			t.Errorf("%s: %+v", code, p)
		}
		if inside := code == errs.Internal; inside != (len(p.Places) == 0) || inside == strings.Contains(p.Detail, "what 7") {
			t.Errorf("%s says %q at %v", code, p.Detail, p.Places)
		}
	}
}

func TestWhatWentWrongInsideIsNotTold(t *testing.T) {
	w := httptest.NewRecorder()
	api.Refuse(w, nil, errors.New("SELECT secret FROM deliver_secret: disk full"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestSpansReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1w": 168 * time.Hour, "1w2d12h": 228 * time.Hour, "0s": 0, "1.5h": 90 * time.Minute,
	} {
		if got, err := api.ParseSpan(text); err != nil || got != want {
			t.Errorf("%q is %s (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1h", "1h-2h", "+1h", "1", "1y", "1d-1h", "999999w999999w", "2d1w", "９d", "292277h24m999999999999h"} {
		if got, err := api.ParseSpan(text); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q is %s (%v)", text, got, err)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, text := range []string{"1w2d3h", "90s", "-1h", "999999w", "1d9223372036s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := api.ParseSpan(text)
		if d < 0 {
			t.Errorf("%q is %s", text, d)
		}
		if err != nil {
			return
		}
		if again, err := api.ParseSpan(d.String()); err != nil || again != d {
			t.Errorf("%q is %s, which is %s (%v)", text, d, again, err)
		}
	})
}
