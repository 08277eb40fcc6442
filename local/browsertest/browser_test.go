// Package browsertest tests Daemun as a person meets it: through the demo front end in headless Chromium. It owns the
// driving of the browser, and it holds two kinds of tests: of the demo page alone, against a small API of its own, and
// of the whole system, built Lambda binaries and all. A machine without Chromium fails them.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// No page takes this long to show what it should, even on a busy machine.
const patience = 20 * time.Second

// browser is a running Chromium that knows one site. It ends with the test.
type browser struct {
	ctx  context.Context
	site string // origin, as in http://localhost:3000
}

func startBrowser(t *testing.T, site string) *browser {
	t.Helper()
	path, err := findChromium()
	if err != nil {
		t.Fatalf("these tests need Chromium: install Debian's package chromium, or Google Chrome (%v)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(900, 800),
		chromedp.NoSandbox, // Chromium's own sandbox does not start as root, as in containers; it opens only our pages
		chromedp.DisableGPU,
		// chromedp loses a page that comes back from this cache.
		chromedp.Flag("disable-features", "Translate,BackForwardCache"),
		// Nothing that a page names is fetched from outside this machine.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("accept-lang", "en-US"))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &browser{ctx: ctx, site: site}
}

func findChromium() (path string, err error) {
	for _, name := range []string{"chromium", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", err
}

// visitor opens a tab in a new cookie jar: another person, or the same one at another computer.
func (b *browser) visitor(t *testing.T) *tab {
	t.Helper()
	return openTab(t, b.ctx, b.site, chromedp.WithNewBrowserContext())
}

// tab is one tab, and the record of what it asked the network for.
type tab struct {
	t    *testing.T
	ctx  context.Context
	site string

	mu       sync.Mutex
	requests []request
	referers []string
	troubles []string // uncaught exceptions, breaches of the content security policy
}

// request is one request of a tab; each step of a redirection is one of its own.
type request struct {
	id  network.RequestID
	url string
}

func openTab(t *testing.T, parent context.Context, site string, options ...chromedp.ContextOption) *tab {
	t.Helper()
	tb := &tab{t: t, site: site}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(tb.record))...)
	tb.ctx = ctx
	t.Cleanup(func() {
		tb.report()
		cancel()
	})
	// The tab lives as long as the context of its first step, which is therefore not one of do's.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(900, 800)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return tb
}

// another opens a further tab in the same cookie jar.
func (tb *tab) another() *tab {
	tb.t.Helper()
	return openTab(tb.t, tb.ctx, tb.site)
}

func (tb *tab) record(event any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		tb.requests = append(tb.requests, request{e.RequestID, e.Request.URL + e.Request.URLFragment})
	case *network.EventRequestWillBeSentExtraInfo:
		for name, value := range e.Headers {
			if text, ok := value.(string); ok && strings.EqualFold(name, "referer") {
				tb.referers = append(tb.referers, text)
			}
		}
	case *page.EventNavigatedWithinDocument:
		tb.requests = append(tb.requests, request{url: e.URL})
	case *runtime.EventExceptionThrown:
		tb.troubles = append(tb.troubles, describe(e.ExceptionDetails))
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity {
			tb.troubles = append(tb.troubles, e.Entry.Text)
		}
	}
}

func describe(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

// report fails the test for troubles that nobody saw on the page, and says what a failed test was looking at.
func (tb *tab) report() {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, trouble := range tb.troubles {
		tb.t.Errorf("in the browser: %s", trouble)
	}
	if tb.t.Failed() {
		for _, r := range tb.requests {
			tb.t.Logf("requested %s", r.url)
		}
	}
}

// requested returns the requests whose URL has the prefix, oldest first.
func (tb *tab) requested(prefix string) (found []request) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, r := range tb.requests {
		if strings.HasPrefix(r.url, prefix) {
			found = append(found, r)
		}
	}
	return found
}

// sentReferers returns the Referer headers that the browser sent.
func (tb *tab) sentReferers() []string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return slices.Clone(tb.referers)
}

// do runs one step in the tab; what says what it is for.
func do[T any](tb *tab, what string, step chromedp.Action[T]) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, step)
	if err != nil {
		tb.t.Fatalf("%s: %v", what, err)
	}
	return v
}

// call sends a command of the DevTools protocol to the tab.
func call[P, R any](tb *tab, command cdp.Command[P, R], params P) R {
	tb.t.Helper()
	return do(tb, command.Method, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
}

// script evaluates a JavaScript expression in the tab, and waits for it if it is a promise.
func script[T any](tb *tab, expression string) T {
	tb.t.Helper()
	return do(tb, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// open goes to a path of the site, or to a full URL, and waits until the demo page is at rest.
func (tb *tab) open(target string) {
	tb.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = tb.site + target
	}
	do(tb, "open "+target, chromedp.Navigate(target))
	do(tb, "the demo page at rest", chromedp.WaitReady(chromedp.CSS(`#card[aria-busy="false"]`)))
}

func hook(name string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + name + `"]`) }

// click presses the element of the demo page that has the test hook.
func (tb *tab) click(name string) {
	tb.t.Helper()
	do(tb, "click "+name, chromedp.Click(hook(name), chromedp.NodeVisible))
}

// see waits until the element with the test hook is there to be seen, and returns its text.
func (tb *tab) see(name string) string {
	tb.t.Helper()
	do(tb, "see "+name, chromedp.WaitVisible(hook(name)))
	return do(tb, "read "+name, chromedp.TextContent(hook(name)))
}

// wantSeen waits until the element with the test hook shows the text.
func (tb *tab) wantSeen(name, want string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	path := fmt.Sprintf(`//*[@data-testid='%s' and .="%s"]`, name, want)
	if err := chromedp.Do(ctx, chromedp.WaitVisible(path)); err != nil {
		tb.t.Fatalf("%s: want %q, the page says %q (%v)", name, want, script[string](tb, `document.body.innerText`), err)
	}
}

// wantAbsent checks that the element with the test hook is not to be seen now.
func (tb *tab) wantAbsent(name string) {
	tb.t.Helper()
	if script[bool](tb, fmt.Sprintf(`document.querySelector('%s')?.checkVisibility() ?? false`, hook(name))) {
		tb.t.Errorf("%s is on the page: %q", name, tb.see(name))
	}
}

// wantCleanAddress checks that the tab is on the front page, with nothing left in its address.
func (tb *tab) wantCleanAddress() {
	tb.t.Helper()
	tb.wantAddress("/")
}

func (tb *tab) wantAddress(want string) {
	tb.t.Helper()
	if got := do(tb, "read the address", chromedp.Location()); got != tb.site+want {
		tb.t.Errorf("the address bar says %s, want %s%s", got, tb.site, want)
	}
}

// photograph writes a picture of the tab into the folder that the environment's SCREENSHOTS names, if any.
func (tb *tab) photograph(name string) {
	tb.t.Helper()
	tb.keepPicture(name, do(tb, "photograph", chromedp.CaptureScreenshot()))
}

// photographWhole does so with a page that is longer than the window.
func (tb *tab) photographWhole(name string) {
	tb.t.Helper()
	tb.keepPicture(name, do(tb, "photograph", chromedp.FullScreenshot(100)))
}

func (tb *tab) keepPicture(name string, picture []byte) {
	tb.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		folder = tb.t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		tb.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".png"), picture, 0o644); err != nil {
		tb.t.Fatal(err)
	}
}
