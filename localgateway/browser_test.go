package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// patience is how long a page may take on a busy machine. What it does take is
// in the log of the test.
const patience = 20 * time.Second

// browser finds Chromium and starts it once for all tests, or skips.
func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: it starts a browser, and -short is on")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("skipped: there is no Chromium on this machine (apt-get install chromium)")
	}
	// Not t.TempDir, which fails the test for what the browser's last processes
	// write while it is removed.
	profile, err := os.MkdirTemp("", "localgateway-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 20 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("left behind: %s", profile)
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-crash-reporter", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	quiet := func(string, ...any) {} // of events that are newer than the library
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(quiet), chromedp.WithLogf(quiet))
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Skipf("skipped: Chromium does not start here: %v", err)
	}
	return ctx
}

// tab is one page of the browser, and the gateway that it shows.
type tab struct {
	testing.TB
	ctx     context.Context
	gateway atomic.Pointer[live.Server]
	away    atomic.Bool // connections are closed without an answer
	url     string
	clock   atomic.Int64 // the gateway's, in milliseconds; 0: the real one

	mu       sync.Mutex
	messages []string // on the console that are no good
}

func open(t testing.TB, browser context.Context, width, height int64, scheme string) *tab {
	t.Helper()
	p := &tab{TB: t}
	p.restart()
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	t.Cleanup(func() { p.gateway.Load().Close() })
	p.url = server.URL
	p.show(browser, server.URL, width, height, scheme)
	return p
}

// restart puts a new gateway in the place of the one before.
func (p *tab) restart() {
	gateway, err := live.New(live.Options{Loopback: true, Now: p.now})
	if err != nil {
		p.Fatal(err)
	}
	if before := p.gateway.Swap(gateway); before != nil {
		before.Close()
	}
}

func (p *tab) serve(w http.ResponseWriter, r *http.Request) {
	if p.away.Load() {
		panic(http.ErrAbortHandler)
	}
	p.gateway.Load().ServeHTTP(w, r)
}

// another opens a further tab on the gateway of this one.
func (p *tab) another(browser context.Context) *tab {
	q := &tab{TB: p.TB, url: p.url}
	q.show(browser, p.url, 1280, 800, "light")
	return q
}

// show opens a page and waits until it listens.
func (p *tab) show(browser context.Context, url string, width, height int64, scheme string) {
	p.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	p.Cleanup(cancel)
	p.ctx = ctx
	// The tab lives as long as the context of its first Run.
	if err := chromedp.Run(ctx); err != nil {
		p.Fatal(err)
	}
	chromedp.ListenTarget(ctx, p.listen)
	p.run(log.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetDeviceMetricsOverride(width, height, 1.5, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(url))
	p.wait("the page listens", `document.querySelector("#live.on") !== null`)
}

func (p *tab) now() time.Time {
	if ms := p.clock.Load(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Now()
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.messages = append(p.messages, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			p.messages = append(p.messages, fmt.Sprint("console ", e.Type))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			p.messages = append(p.messages, e.Entry.Text+" "+e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		p.messages = append(p.messages, "a dialog: "+e.Message)
		go func() { _ = chromedp.Run(p.ctx, page.HandleJavaScriptDialog(true)) }()
	}
}

// forgetMessages is for a test that made the page complain.
func (p *tab) forgetMessages() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = nil
}

// awaited waits for a promise.
func awaited(params *runtime.EvaluateParams) *runtime.EvaluateParams {
	return params.WithAwaitPromise(true)
}

// quiet holds that nothing was complained of.
func (p *tab) quiet() {
	p.Helper()
	if said := p.said(); len(said) > 0 {
		p.Errorf("on the console: %s", strings.Join(said, "\n"))
	}
}

func (p *tab) run(actions ...chromedp.Action) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.Fatal(err)
	}
}

// wait waits until an expression is true, and returns how long that took.
func (p *tab) wait(what, expression string) time.Duration {
	p.Helper()
	start := time.Now()
	for {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		var so bool
		err := chromedp.Run(ctx, chromedp.Evaluate(expression, &so))
		cancel()
		switch {
		case so:
			return time.Since(start)
		case time.Since(start) > patience:
			p.Fatalf("it is not so that %s: %v\nthe console says: %q\nthe page says:\n%.2000s", what, err, p.said(), p.text("body"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *tab) said() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

func (p *tab) text(selector string) string {
	p.Helper()
	var text string
	p.run(chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll(%q)].map((e) => e.innerText).join("\n")`, selector), &text))
	return text
}

// post sends a body as some client would.
func (p *tab) post(body string) *http.Response {
	p.Helper()
	req, err := http.NewRequest(http.MethodPost, p.url+"/v1/events/batch", strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("X-API-Key", sampleKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp
}

// client is a Go program with the SDK.
func (p *tab) client(app string) *causality.Client {
	p.Helper()
	client, err := causality.New(causality.Config{
		APIKey: sampleKey, Endpoint: p.url, AppID: app, DeviceID: "web-3", FlushInterval: 10 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = client.Close() })
	return client
}

func custom(key, name, props string) string {
	return fmt.Sprintf(`{"id":"e-%s","idempotency_key":%q,"app_id":"checkout","device_id":"web-3","timestamp_ms":%d,"custom_event":{"event_name":%q,"string_params":{%s}}}`,
		key, key, time.Now().UnixMilli(), name, props)
}

func batch(events ...string) string { return "{\"events\":[\n" + strings.Join(events, ",\n") + "\n]}" }
