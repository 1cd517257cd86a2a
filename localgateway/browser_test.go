package main

import (
	"context"
	"errors"
	"flag"
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
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

var update = flag.Bool("update", false, "write the screenshots in docs/")

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
	gateway *live.Server
	url     string
	clock   atomic.Int64 // the gateway's, in milliseconds; 0: the real one

	mu       sync.Mutex
	messages []string // on the console that are no good
}

func open(t testing.TB, browser context.Context, width, height int64, scheme string) *tab {
	t.Helper()
	p := &tab{TB: t}
	gateway, err := live.New(live.Options{Loopback: true, Now: p.now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	t.Cleanup(gateway.Close)
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p.ctx, p.gateway, p.url = ctx, gateway, server.URL
	// The tab lives as long as the context of its first Run.
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	chromedp.ListenTarget(ctx, p.listen)
	p.run(log.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetDeviceMetricsOverride(width, height, 1.5, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(server.URL))
	p.wait("the page listens", `document.querySelector("#live.on") !== null`)
	return p
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

// shop sends what half an hour at a shop looks like.
func (p *tab) shop() {
	web, mobile := p.client("checkout"), p.client("mobile-api")
	users := []string{"ada", "grace", "linus", "barbara", "ken"}
	products := []string{"Walnut desk", "Reading lamp", "Linen chair", "Oak shelf"}
	end := time.Now()
	n := 0
	for minute := 29; minute >= 0; minute-- {
		p.clock.Store(end.Add(-time.Duration(minute) * time.Minute).UnixMilli())
		for i := range 4 + (minute*minute+3*minute)%7 {
			n++
			product := products[n*3%len(products)]
			event := causality.Event{
				TimestampMs: p.clock.Load() + int64(i*137), UserID: users[n*7%len(users)],
				SessionID: fmt.Sprintf("s-%d", 100+n/4), CorrelationID: fmt.Sprintf("req-%d", 7000+n),
			}
			client := web
			switch (n*5 + minute) % 11 {
			case 0, 3, 6, 9:
				client = mobile
				event.EventType = "screen_view"
				event.Properties = map[string]any{"screen_name": []string{"Home", "Search", "Product"}[n%3], "load_ms": 80 + n*3%97}
			case 1, 4, 7:
				event.EventType = "product_view"
				event.Properties = map[string]any{"product_id": fmt.Sprintf("p-%d", 40+n%9), "product_name": product, "price_cents": 1900 + n*100, "currency": "EUR"}
			case 2, 8:
				event.EventType = "add_to_cart"
				event.Properties = map[string]any{"product_id": fmt.Sprintf("p-%d", 40+n%9), "quantity": 1 + n%3, "cart_id": fmt.Sprintf("c-%d", n)}
			case 5:
				event.EventType = "purchase_complete"
				event.Properties = map[string]any{"order_id": fmt.Sprintf("o-%d", 900+n), "total_cents": 4900 + n*111, "currency": "EUR", "gift": n%2 == 0}
			default:
				event.EventType = "search"
				event.Properties = map[string]any{"query": strings.ToLower(product), "results": n % 5}
			}
			client.Track(event)
		}
		if err := errors.Join(mobile.Flush(), web.Flush()); err != nil {
			p.Fatal(err)
		}
	}
}

func custom(key, name, props string) string {
	return fmt.Sprintf(`{"id":"e-%s","idempotency_key":%q,"app_id":"checkout","device_id":"web-3","timestamp_ms":%d,"custom_event":{"event_name":%q,"string_params":{%s}}}`,
		key, key, time.Now().UnixMilli(), name, props)
}

func batch(events ...string) string { return "{\"events\":[\n" + strings.Join(events, ",\n") + "\n]}" }

func TestScreenshots(t *testing.T) {
	if !*update {
		t.Skip("skipped: it writes to docs/; use -update")
	}
	b := browser(t)
	for _, shot := range []struct {
		file, scheme  string
		width, height int64
	}{
		{"../docs/localgateway-light.png", "light", 1440, 900},
		{"../docs/localgateway-dark.png", "dark", 1440, 900},
		{os.TempDir() + "/lg-phone.png", "light", 390, 844},
		{os.TempDir() + "/lg-phone-dark-detail.png", "dark", 390, 844},
		{os.TempDir() + "/lg-empty.png", "light", 1440, 900},
		{os.TempDir() + "/lg-row.png", "light", 1440, 900},
	} {
		p := open(t, b, shot.width, shot.height, shot.scheme)
		if !strings.Contains(shot.file, "empty") {
			p.shop()
			p.post(batch(custom("k-1", "coupon_used", `"code":"SPRING","user_id":"ada"`)))
			p.post(batch(custom("k-1", "coupon_used", `"code":"SPRING","user_id":"ada"`)))
			p.post(batch(custom("k-2", "refund_asked", `"order_id":"o-911","user_id":"grace"`),
				`{"app_id":"checkout","event_type":"refund_asked","user_id":"grace","properties":{"order_id":"o-912"}}`,
				custom("k-3", "refund_asked", `"order_id":"o-913"`)))
			p.post(batch(custom("k-4", "newsletter_joined", `"source":"footer","user_id":"linus"`)))
			p.wait("all are listed", `document.querySelectorAll(".row").length > 100 && document.querySelectorAll(".types li").length > 5`)
			switch {
			case strings.Contains(shot.file, "light"), strings.Contains(shot.file, "detail"):
				p.run(chromedp.Evaluate(`document.querySelector(".row.refused").click()`, nil))
				p.wait("the details are open", `document.querySelector(".detail .lines .bad") !== null`)
			case strings.Contains(shot.file, "dark"), strings.Contains(shot.file, "row"):
				p.run(chromedp.Evaluate(`[...document.querySelectorAll(".row.stored")].find((r) => r.innerText.includes("purchase_complete")).click()`, nil))
				p.wait("the details are open", `document.querySelector(".tabs") !== null`)
				if strings.Contains(shot.file, "row") {
					p.run(chromedp.Evaluate(`document.querySelector('[data-tab="row"]').click()`, nil))
				} else {
					p.run(chromedp.Evaluate(`document.querySelector('[name="slow"]').click()`, nil))
					p.wait("the fault is shown", `!document.querySelector("#fault-banner").hidden`)
				}
			}
		}
		time.Sleep(2 * time.Second) // the highlight of new rows fades
		var png []byte
		p.run(chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(shot.file, png, 0o644); err != nil {
			t.Fatal(err)
		}
		p.quiet()
	}
}

// TestThePage goes through all that the page does, in one browser: to start one
// takes seconds.
func TestThePage(t *testing.T) {
	b := browser(t)
	tests := []struct {
		name string
		test func(p *tab)
	}{
		{"an event of a Go program appears", eventAppears},
		{"the details show what was sent, the row and SQL", detailsShow},
		{"filters choose what is listed", filtersChoose},
		{"a refused request has its line marked", refusedIsMarked},
		{"a duplicate leads to the first", duplicateIsShown},
		{"faults are switched on and off", faultsSwitch},
		{"pause holds back and clear empties", pauseAndClear},
		{"the keyboard is enough", keyboard},
		{"a script in an event does not run", scriptsDoNotRun},
		{"a thousand events a second do not freeze it", thousandASecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, b, 1440, 900, "light")
			tt.test(p)
			p.quiet()
		})
	}
	t.Run("a phone's width is enough", func(t *testing.T) {
		p := open(t, b, 390, 844, "dark")
		p.post(batch(custom("k", "signed_up", `"plan":"pro"`)))
		p.wait("the event is listed", `document.querySelector(".row") !== null`)
		p.wait("nothing is wider than the screen", `document.documentElement.scrollWidth <= innerWidth && document.querySelector(".row").getBoundingClientRect().right <= innerWidth`)
		p.run(chromedp.Evaluate(`document.querySelector(".row").click()`, nil))
		p.wait("the details fill it", `Math.round(document.querySelector("#detail").getBoundingClientRect().width) === innerWidth`)
		p.quiet()
	})
}

func eventAppears(p *tab) {
	p.wait("the empty page says what to do", `!document.querySelector("#empty").hidden && document.querySelector("#env").textContent.includes("CAUSALITY_ENDPOINT=" + location.origin)`)
	logger := slog.New(slogcausality.NewHandler(p.client("checkout")))
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-7"})
	logger.InfoContext(ctx, "order placed", "event", "purchase_complete", "order_id", "o-42", "total_cents", 1999)
	took := p.wait("the event is listed", `document.querySelector(".row .type")?.textContent === "purchase_complete"`)
	p.Logf("on the page %v after the log call", took.Round(time.Millisecond))
	for _, want := range []string{"purchase_complete", "u-7", "checkout", "order_id o-42", "total_cents 1999"} {
		if row := strings.Join(strings.Fields(p.text(".row")), " "); !strings.Contains(row, want) {
			p.Errorf("the row is %q, want %q in it", row, want)
		}
	}
	p.wait("the type is counted", `document.querySelector(".types .total")?.textContent === "1"`)
}

func (p *tab) click(selector string) {
	p.Helper()
	p.wait(selector+" is there", fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
	p.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil))
}

func detailsShow(p *tab) {
	p.post(batch(`{"id":"e-1","idempotency_key":"k-1","app_id":"shop","device_id":"web-3","timestamp_ms":1795430525389,"custom_event":{"event_name":"paid","string_params":{"order_id":"o-42"},"int_params":{"big":9007199254740993}}}`))
	p.click(".row")
	p.wait("it shows what was sent, digit by digit", `document.querySelector(".detail pre")?.textContent.includes('"big": 9007199254740993')`)
	p.click(`[data-tab="row"]`)
	p.wait("it shows the row", `[...document.querySelectorAll(".rowtable tr")].some((r) => r.innerText.startsWith("event_type") && r.innerText.includes("paid"))`)
	p.wait("with the partition", `[...document.querySelectorAll(".rowtable tr")].some((r) => r.innerText.startsWith("hour") && r.innerText.includes("10"))`)
	p.click(`[data-tab="sql"]`)
	p.wait("it shows SQL", `document.querySelector(".detail pre").textContent.includes("and id = 'e-1'")`)
}

func filtersChoose(p *tab) {
	p.post(batch(custom("k-1", "page_viewed", `"path":"/"`), custom("k-2", "signed_up", `"user_id":"ada","plan":"pro"`), custom("k-3", "signed_up", `"user_id":"ken"`)))
	p.wait("all are listed", `document.querySelectorAll(".row").length === 3`)
	set := func(name, value string) {
		p.run(chromedp.Evaluate(fmt.Sprintf(`{ const f = document.querySelector('#filters [name=%q]'); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); }`, name, value), nil))
	}
	set("type", "sign")
	p.wait("a part of a type chooses two", `document.querySelectorAll(".row").length === 2`)
	set("user", "ada")
	p.wait("the user chooses one", `document.querySelectorAll(".row").length === 1`)
	set("text", "nothing like it")
	p.wait("nothing matches, and it says so", `document.querySelectorAll(".row").length === 0 && !document.querySelector("#no-match").hidden`)
	p.click("#unfilter-too")
	p.wait("all are back", `document.querySelectorAll(".row").length === 3`)
	p.click(`.types [data-type="page_viewed"]`)
	p.wait("the chart is a filter", `document.querySelectorAll(".row").length === 1 && location.search === "?type=page_viewed"`)
	p.post(batch(custom("k-4", "signed_up", ""), custom("k-5", "page_viewed", "")))
	p.wait("new events pass it too", `document.querySelectorAll(".row").length === 2`)
}

func refusedIsMarked(p *tab) {
	p.post(batch(custom("k-1", "fine", ""), `{"app_id":"a","device_id":"d","timestamp_ms":1,"nope":{}}`, custom("k-2", "fine", "")))
	p.wait("it stands out", `document.querySelector(".row.refused")?.innerText.includes('unknown field "nope"')`)
	p.click(".row.refused")
	p.wait("the line is marked", `document.querySelector(".lines .bad")?.innerText.includes("3")`)
	p.wait("the place in it, too", `document.querySelector(".lines mark").textContent === '"nope"'`)
	// protovalidate names no line: the gateway knows the event.
	p.post(batch(custom("k-1", "fine", ""), `{"app_id":"","device_id":"d","timestamp_ms":1,"custom_event":{"event_name":"e"}}`))
	p.wait("a second one is listed", `document.querySelectorAll(".row.refused").length === 2`)
	p.click(".row.refused")
	p.wait("its line is marked", `document.querySelector(".detail .facts").innerText.includes("line 3 (event 2 of 2)")`)
	p.post(batch(`{"app_id":"a","device_id":"d","custom_event":{"event_name":"no_time"}}`))
	p.wait("an event that is rejected alone is shown, too", `document.querySelector(".row.rejected")?.innerText.includes("timestamp_ms is required")`)
}

func duplicateIsShown(p *tab) {
	p.post(batch(custom("k-1", "once", "")))
	p.post(batch(custom("k-1", "once", "")))
	p.click(".row.duplicate")
	p.wait("the details say what it means", `document.querySelector(".detail .note")?.innerText.includes("its idempotency key was seen before, in #1")`)
	p.click(".detail .note button")
	p.wait("they lead to the first", `document.querySelector(".detail .badge").textContent === "stored"`)
}

func faultsSwitch(p *tab) {
	p.click(`[name="answer"][value="429"]`)
	p.click(`[name="retry_after"]`)
	p.wait("the page says so", `document.querySelector("#fault-banner:not([hidden])")?.innerText.includes("answers 429, Retry-After: 5")`)
	if resp := p.post(batch(custom("k", "e", ""))); resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" {
		p.Errorf("answered %s with Retry-After %q", resp.Status, resp.Header.Get("Retry-After"))
	}
	p.wait("the refused request is listed", `document.querySelector(".row.refused")?.innerText.includes("429")`)
	p.click("#fault-off")
	p.wait("it is off", `document.querySelector("#fault-banner").hidden && document.querySelector('[name="answer"][value=""]').checked`)
	if resp := p.post(batch(custom("k", "e", ""))); resp.StatusCode != 200 {
		p.Errorf("answered %s", resp.Status)
	}
}

func pauseAndClear(p *tab) {
	p.click("#pause")
	p.post(batch(custom("k-1", "one", ""), custom("k-2", "two", "")))
	p.wait("it counts what it holds back", `document.querySelector("#live").innerText.includes("2 new")`)
	p.wait("and lists nothing", `document.querySelectorAll(".row").length === 0`)
	p.click("#pause")
	p.wait("then it lists them, newest first", `[...document.querySelectorAll(".row .type")].map((e) => e.textContent).join() === "two,one"`)
	p.click("#clear")
	p.wait("the list is empty", `document.querySelectorAll(".row").length === 0`)
	p.post(batch(custom("k-3", "three", "")))
	p.wait("only the new one is listed", `document.querySelectorAll(".row").length === 1`)
	p.wait("the download has them all", `document.querySelector("#download").getAttribute("href") === "/_local/events?format=ndjson"`)
}

func keyboard(p *tab) {
	p.post(batch(custom("k-1", "one", ""), custom("k-2", "two", "")))
	p.wait("both are listed", `document.querySelectorAll(".row").length === 2`)
	key := func(keys string) { p.run(chromedp.KeyEvent(keys)) }
	key("j")
	key("j")
	p.wait("the second has the focus", `document.activeElement.innerText.includes("one")`)
	key("\r")
	p.wait("its details are open", `document.querySelector("#detail h2")?.textContent === "one"`)
	key("k")
	p.wait("they follow the focus", `document.querySelector("#detail h2")?.textContent === "two"`)
	key("\x1b")
	p.wait("they are closed", `document.querySelector("#detail").hidden`)
	key("/")
	p.wait("the search has the focus", `document.activeElement.name === "text"`)
	key("\x1b")
	key(" ")
	p.wait("it is paused", `document.querySelector("#pause").getAttribute("aria-pressed") === "true"`)
	key("?")
	p.wait("the keys are shown", `document.querySelector("#keys").open`)
}

func scriptsDoNotRun(p *tab) {
	const script = `<script>alert(1)</script><img/src=x/onerror=alert(2)>`
	q := fmt.Sprintf("%q", script)
	event := fmt.Sprintf(`{"id":%[1]s,"idempotency_key":%[1]s,"app_id":%[1]s,"device_id":%[1]s,"correlation_id":%[1]s,"timestamp_ms":1,
"device_context":{"os_version":%[1]s,"app_version":%[1]s},
"custom_event":{"event_name":%[1]s,"string_params":{%[1]s:%[1]s,"user_id":%[1]s,"session_id":%[1]s}}}`, q)
	p.post(batch(event))
	p.post(batch(event)) // a duplicate
	p.post(batch(fmt.Sprintf(`{%[1]s:%[1]s}`, q)))
	p.post(batch(fmt.Sprintf(`{"app_id":%[1]s,"device_id":"d","custom_event":{"event_name":%[1]s}}`, q)))
	p.wait("all are listed", `document.querySelectorAll(".row").length === 4`)
	for i := 1; i <= 4; i++ {
		p.click(fmt.Sprintf(".list li:nth-child(%d) .row", i))
		p.wait("its details show the text", fmt.Sprintf(`document.querySelector("#detail").innerText.includes("alert(1)") && document.querySelector(".row[aria-current]").parentElement === document.querySelector(".list li:nth-child(%d)")`, i))
		for _, tab := range []string{"row", "sql", "sent"} {
			p.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector('[data-tab=%q]')?.click()`, tab), nil))
		}
	}
	p.click(".types button")
	p.wait("its filter lists it", `document.querySelectorAll(".row").length > 0 && document.querySelector("#filters [name=type]").value.includes("alert")`)
	p.wait("nothing of it became an element", `document.querySelectorAll("script, img").length === 2`)
}

// thousandASecond runs for 10 s when CAUSALITY_LOCALGATEWAY_LOAD is set, else for 2.
func thousandASecond(p *tab) {
	seconds := 2
	if os.Getenv("CAUSALITY_LOCALGATEWAY_LOAD") != "" {
		seconds = 10
	}
	// The longest that the page's only thread was away is how long it froze.
	p.run(chromedp.Evaluate(`window.longest = 0; window.before = performance.now();
		setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - before - 20); before = now; }, 20); 0`, nil))
	client := p.client("load")
	start := time.Now()
	for i := range seconds * 100 {
		for j := range 10 {
			client.Track(causality.Event{EventType: fmt.Sprintf("type_%d", j%7), UserID: fmt.Sprintf("u-%d", i%50), Properties: map[string]any{"n": i*10 + j, "text": "some words to look at"}})
		}
		time.Sleep(time.Until(start.Add(time.Duration(i+1) * 10 * time.Millisecond)))
	}
	sent := time.Since(start)
	// Requests overtake each other: the last goes when all others are answered.
	if err := client.Flush(); err != nil {
		p.Fatal(err)
	}
	client.Track(causality.Event{EventType: "the_last"})
	took := p.wait("the last is listed", `document.querySelector(".row .type")?.textContent === "the_last"`)
	var longest, rows float64
	p.run(chromedp.Evaluate(`longest`, &longest), chromedp.Evaluate(`document.querySelectorAll(".row").length`, &rows))
	p.Logf("%d events in %v; the last was listed %v after it was sent; the longest freeze was %.0f ms; %v rows",
		seconds*1000+1, sent.Round(time.Millisecond), took.Round(time.Millisecond), longest, rows)
	if rows > 500 {
		p.Errorf("the list has %v rows, want at most 500", rows)
	}
	p.wait("all were counted", fmt.Sprintf(`document.querySelector('[data-count="stored"]').textContent.replace(/\D/g, "") === "%d"`, seconds*1000+1))
}
