package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

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
		{"equal refusals are one row", refusalsFold},
		{"a refused body is shown whole", bodyIsShownWhole},
		{"charts share one scale", chartsShareAScale},
		{"nothing is cut or hidden at 1280 pixels", fitsALaptop},
		{"times that are not of today say so", timesAreShown},
		{"a fault that does not reach the gateway goes back", faultGoesBack},
		{"after a restart nothing is taken for another", restartIsSeen},
		{"an event of megabytes does not freeze it", largeEvents},
		{"the keyboard is enough", keyboard},
		{"a script in an event does not run", scriptsDoNotRun},
		{"a thousand events a second do not freeze it", thousandASecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, b, 1280, 800, "light")
			tt.test(p)
			p.quiet()
		})
	}
	t.Run("a phone's width is enough", func(t *testing.T) {
		p := open(t, b, 390, 844, "dark")
		p.post(batch(custom("k", "signed_up", `"plan":"pro"`)))
		p.wait("the event is listed", `document.querySelector(".row") !== null`)
		p.wait("nothing is wider than the screen", `document.documentElement.scrollWidth <= innerWidth && document.querySelector(".row").getBoundingClientRect().right <= innerWidth`)
		p.wait("the controls take a fifth of it at most", `document.querySelector("#scroll").getBoundingClientRect().top <= innerHeight / 5`)
		for _, panel := range []struct{ button, content string }{{"filters", "#filters"}, {"charts", "#types"}, {"faults", "#faults"}} {
			p.click("#show-" + panel.button)
			p.wait("a panel opens", fmt.Sprintf(`[...document.querySelectorAll("#filters, #types, #faults")].filter((e) => e.offsetHeight > 0).map((e) => "#" + e.id).join() === %q`, panel.content))
		}
		p.click("#show-faults")
		p.wait("it closes", `document.querySelector("#scroll").getBoundingClientRect().top <= innerHeight / 5`)
		p.run(chromedp.Evaluate(`document.querySelector(".row").click()`, nil))
		p.wait("the details fill it", `Math.round(document.querySelector("#detail").getBoundingClientRect().width) === innerWidth`)
		p.quiet()
	})
	t.Run("eight tabs share one stream", func(t *testing.T) { eightTabs(t, b) })
	t.Run("it works below a path of a proxy", func(t *testing.T) { behindAProxy(t, b) })
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
	p.wait("it is red", `document.querySelector(".row.refused")?.innerText.includes('unknown field "nope"')`)
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
	p.wait("the list is empty, and says why", `document.querySelectorAll(".row").length === 0 && !document.querySelector("#cleared").hidden && document.querySelector("#empty").hidden`)
	p.click("#unclear")
	p.wait("it can be taken back", `document.querySelectorAll(".row").length === 2`)
	p.click("#clear")
	p.wait("it is empty again", `document.querySelectorAll(".row").length === 0`)
	p.post(batch(custom("k-3", "three", "")))
	p.wait("only the new one is listed", `document.querySelectorAll(".row").length === 1`)
	p.wait("the download has them all", `document.querySelector("#download").href === location.origin + "/_local/events?format=ndjson"`)
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
