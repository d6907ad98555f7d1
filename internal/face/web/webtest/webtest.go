// Package webtest looks at pages in a real browser: it takes pictures of them,
// runs axe-core on them, and notices what a person would: a page wider than
// the telephone, a script that failed, a policy that was broken. It is used by
// tests only and needs Debian's chromium; a missing browser fails the test by
// name.
//
// testdata/axe.min.js is axe-core 4.14.1 (MPL-2.0, from npm axe-core), whose
// licence lies beside it. It is never part of the product.
package webtest

import (
	"context"
	_ "embed" // For axe-core.
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// The two widths that every page is looked at: a desk and a telephone.
const (
	Desk  = 1440
	Phone = 390
)

// View is how a page is looked at. The zero View is a desk in light colours
// with script.
type View struct {
	Width    int            // 0 is Desk
	Dark     bool           // the reader prefers dark pages
	NoScript bool           // as if the browser had no script
	Print    bool           // as the printer would see it
	Cookies  []*http.Cookie // a session, a language, a theme
}

func (v View) width() int64 {
	if v.Width == 0 {
		return Desk
	}
	return int64(v.Width)
}

// String names the view in a test's message.
func (v View) String() string {
	name := fmt.Sprintf("%d px", v.width())
	if v.Dark {
		name += " dark"
	}
	if v.NoScript {
		name += " without script"
	}
	if v.Print {
		name += " printed"
	}
	return name
}

// Browser is one Chromium, shared by the visits of one test.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Open starts a browser that stops with the test.
func Open(t testing.TB) *Browser {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("webtest needs the program chromium (apt-get install chromium): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("force-color-profile", "srgb"),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, quit := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("stop chromium: %v", err)
		}
		quit()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

// Do opens a page in a tab of its own, with cookies of its own, and calls act
// with the tab's context for chromedp.Do and chromedp.Run. Errors of scripts, a
// broken Content-Security-Policy and failed loads are errors of the test.
func (b *Browser) Do(address string, v View, act func(ctx context.Context) error) {
	b.t.Helper()
	var mu sync.Mutex
	var faults []string
	ctx, done := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(func(event any) {
		fault := faultIn(event)
		if fault == "" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, fault)
	}))
	defer done()
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("open a tab for %s: %v", address, err)
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := v.prepare(limited, address)
	if err == nil {
		err = chromedp.Do(limited, chromedp.Navigate(address))
	}
	if err == nil {
		err = act(limited)
	}
	if err != nil {
		b.t.Errorf("%s (%s): %v", address, v, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, fault := range faults {
		b.t.Errorf("%s (%s): the browser says: %s", address, v, fault)
	}
}

// faultIn reads an event that a developer would see in red.
func faultIn(event any) string {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		what := d.Text
		if d.Exception != nil {
			what += " " + d.Exception.Description
		}
		return fmt.Sprintf("%s (%s:%d)", what, d.URL, d.LineNumber+1)
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			return e.Entry.Text + " " + e.Entry.URL
		}
	}
	return ""
}

// prepare makes a tab look at pages as the view says.
func (v View) prepare(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("read address %q: %w", address, err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		return fmt.Errorf("listen to the browser: %w", err)
	}
	if err := v.resize(ctx, 900); err != nil {
		return err
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: "light"}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if v.Dark {
		media.Features[0].Value = "dark"
	}
	if v.Print {
		media.Media = "print"
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		return fmt.Errorf("choose colours: %w", err)
	}
	script := emulation.SetScriptExecutionDisabledParams{Value: v.NoScript}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, script); err != nil {
		return fmt.Errorf("switch script: %w", err)
	}
	for _, c := range v.Cookies {
		cookie := network.SetCookieParams{Name: c.Name, Value: c.Value, URL: u.Scheme + "://" + u.Host + "/"}
		if _, err := chromedp.Call(ctx, network.SetCookie, cookie); err != nil {
			return fmt.Errorf("set cookie %s: %w", c.Name, err)
		}
	}
	return nil
}

func (v View) resize(ctx context.Context, height int64) error {
	size := emulation.SetDeviceMetricsOverrideParams{
		Width: v.width(), Height: height, DeviceScaleFactor: 1, Mobile: v.width() < 800,
	}
	if _, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, size); err != nil {
		return fmt.Errorf("size the window: %w", err)
	}
	return nil
}

// settle waits until the fonts are there, which move everything.
func (v View) settle(ctx context.Context) error {
	if v.NoScript {
		return chromedp.Do(ctx, chromedp.Sleep(300*time.Millisecond))
	}
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.fonts.ready.then(() => true)`, chromedp.EvalAwaitPromise))
	if err != nil {
		return fmt.Errorf("wait for fonts: %w", err)
	}
	return nil
}

// Shot saves a picture of the whole page as PNG. It is an error of the test if
// the page is wider than the view.
func (b *Browser) Shot(address string, v View, file string) {
	b.t.Helper()
	b.Do(address, v, func(ctx context.Context) error { return b.Keep(ctx, v, file) })
}

// Keep saves a picture of the page that a visit has come to; see Shot.
func (b *Browser) Keep(ctx context.Context, v View, file string) error {
	b.t.Helper()
	if err := v.settle(ctx); err != nil {
		return err
	}
	// Metrics, unlike a script, are there where script is off.
	m, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return fmt.Errorf("measure the page: %w", err)
	}
	if wide := int64(m.CSSContentSize.Width); wide > v.width() {
		b.t.Errorf("%s (%s): the page is %d px wide and must be scrolled sideways", filepath.Base(file), v, wide)
	}
	if err := v.resize(ctx, min(max(int64(m.CSSContentSize.Height), 600), 16000)); err != nil {
		return err
	}
	picture, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		return fmt.Errorf("take a picture: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("save a picture: %w", err)
	}
	return os.WriteFile(file, picture.Data, 0o644)
}

// Violation is one rule of axe-core that a page breaks.
type Violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML   string   `json:"html"`
		Target []string `json:"target"`
		Why    string   `json:"failureSummary"`
	} `json:"nodes"`
}

// Axe runs axe-core with the rules of WCAG 2.2 AA on the page. Serious and
// critical violations are errors of the test; all are returned.
func (b *Browser) Axe(address string, v View) []Violation {
	b.t.Helper()
	const run = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`
	var raw string
	b.Do(address, v, func(ctx context.Context) error {
		if err := v.settle(ctx); err != nil {
			return err
		}
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](axe+";null")); err != nil {
			return fmt.Errorf("load axe-core: %w", err)
		}
		var err error
		raw, err = chromedp.Run(ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
		if err != nil {
			return fmt.Errorf("run axe-core: %w", err)
		}
		return nil
	})
	var all []Violation
	if raw == "" {
		return nil // The visit has said why.
	}
	if err := json.Unmarshal([]byte(raw), &all); err != nil {
		b.t.Fatalf("read axe-core's answer for %s: %v", address, err)
	}
	for _, violation := range all {
		if violation.Impact != "serious" && violation.Impact != "critical" {
			continue
		}
		var where []string
		for i, n := range violation.Nodes {
			if i == 5 {
				where = append(where, fmt.Sprintf("… and %d more", len(violation.Nodes)-i))
				break
			}
			where = append(where, strings.Join(n.Target, " ")+"\n      "+n.HTML+"\n      "+strings.ReplaceAll(n.Why, "\n", "\n      "))
		}
		b.t.Errorf("%s (%s): axe-core: %s, %s: %s\n    %s", address, v, violation.Impact, violation.ID, violation.Help,
			strings.Join(where, "\n    "))
	}
	return all
}
