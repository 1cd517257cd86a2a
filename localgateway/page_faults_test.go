package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func refusalsFold(p *tab) {
	bad := func(key, name string) string {
		return strings.Replace(custom(key, name, ""), `"device_id":"web-3"`, `"device_id":""`, 1)
	}
	for i := range 5 {
		p.post(batch(bad(fmt.Sprint("a", i), "signed_up"), bad(fmt.Sprint("b", i), "paid")))
		p.post(batch(custom(fmt.Sprint("c", i), "fine", "")))
	}
	p.post(batch(bad("other", "left")))
	p.wait("the five are one row", `document.querySelectorAll(".row.refused").length === 2 && document.querySelectorAll(".row").length === 7`)
	p.wait("it says how many, how many events, of which app and names", `((t) => ["5 times", "10 events", "checkout", "signed_up, paid", "device_id"].every((w) => t.includes(w)))(document.querySelectorAll(".row.refused")[1].textContent)`)
	p.run(chromedp.Evaluate(`document.querySelectorAll(".row.refused")[1].click()`, nil))
	p.wait("so do the details", `((t) => ["Equal ones", "5 from ", "signed_up, paid", "checkout"].every((w) => t.includes(w)))(document.querySelector("#detail").innerText)`)
	p.post(batch(bad("z", "signed_up"), bad("y", "paid")))
	p.wait("one more counts, and moves to the top", `document.querySelector(".row").textContent.includes("6 times") && document.querySelector(".row").getAttribute("aria-current") === "true"`)
}

func bodyIsShownWhole(p *tab) {
	events := make([]string, 60)
	for i := range events {
		events[i] = custom(fmt.Sprint("k", i), "fine", fmt.Sprintf(`"text":"%s END-%d"`, strings.Repeat("x", 600), i))
	}
	events[30] = `{"nope":1}`
	p.post(batch(events...))
	p.click(".row.refused")
	p.wait("every line is there", `document.querySelectorAll(".lines li").length === 62`)
	for _, i := range []int{0, 29, 31, 59} {
		p.wait("to its end", fmt.Sprintf(`document.querySelector(".lines").textContent.includes("END-%d\"")`, i))
	}
	p.wait("the bad one is marked", `document.querySelector(".lines .bad mark")?.textContent === '"nope"'`)
	p.post(batch(`{"nope":"` + strings.Repeat("y", 2_000_000) + `"}`))
	p.wait("a large one is listed", `document.querySelectorAll(".row.refused").length === 2`)
	p.click(".row.refused")
	p.wait("it can be opened whole", `document.querySelector(".facts").innerText.includes("2.0 MB") && document.querySelector(".detail a.button")?.href.includes("/body")`)
	var size float64
	p.run(chromedp.Evaluate(`fetch(document.querySelector(".detail a.button").href).then((r) => r.text()).then((t) => t.length)`, &size, awaited))
	if size < 2_000_000 {
		p.Errorf("the whole body has %v bytes", size)
	}
}

func faultGoesBack(p *tab) {
	p.click(`[name="answer"][value="503"]`)
	p.wait("it is on", `document.querySelector("#fault-banner:not([hidden])")?.innerText.includes("answers 503")`)
	p.away.Store(true)
	p.click(`[name="answer"][value="hang"]`)
	p.wait("the page says that it was not switched", `document.querySelector("#fault-problem:not([hidden])")?.innerText.includes("The gateway does not answer")`)
	p.wait("what is on is lit", `document.querySelector('[name="answer"][value="503"]').checked && !document.querySelector('[name="answer"][value="hang"]').checked`)
	p.click(`[name="forget_keys"]`)
	p.wait("a switch goes back, too", `!document.querySelector('[name="forget_keys"]').checked && document.querySelector("#faults").getAttribute("aria-busy") === null`)
	p.away.Store(false)
	p.forgetMessages() // of the connections that were closed
}

func restartIsSeen(p *tab) {
	p.post(batch(custom("k-1", "of_the_first_run", "")))
	p.click(".row")
	p.wait("its details are open", `document.querySelector("#detail h2")?.textContent === "of_the_first_run"`)
	p.restart()
	p.post(batch(custom("k-2", "of_the_second_run", "")))
	p.wait("the list is the new run's", `[...document.querySelectorAll(".row .type")].map((e) => e.textContent).join() === "of_the_second_run"`)
	p.wait("the details say that they are not", `document.querySelector("#detail .note")?.innerText.includes("restarted") && document.querySelector("#detail h2").textContent === "of_the_first_run"`)
	p.wait("the new event with the same number is not marked as shown", `document.querySelector('.row[aria-current]') === null`)
	p.run(chromedp.Evaluate(`Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => { window.copied = text; }}}); document.activeElement.blur()`, nil))
	p.run(chromedp.KeyEvent("c"))
	p.wait("c copies what is shown", `window.copied?.includes("of_the_first_run")`)
	p.run(chromedp.Evaluate(`document.querySelector(".row").focus()`, nil), chromedp.KeyEvent("c"))
	p.wait("and in the list what is there", `window.copied?.includes("of_the_second_run")`)
	p.forgetMessages()
}

// eightTabs are more than the connections that a browser opens to one host.
func eightTabs(t *testing.T, browser context.Context) {
	first := open(t, browser, 1280, 800, "light")
	tabs := []*tab{first}
	for range 7 {
		tabs = append(tabs, first.another(browser))
	}
	first.post(batch(custom("k", "everywhere", "")))
	for i, p := range tabs {
		p.wait(fmt.Sprintf("tab %d lists the event", i), `document.querySelector(".row .type")?.textContent === "everywhere"`)
		p.click(".row")
		p.wait(fmt.Sprintf("tab %d shows its details", i), `document.querySelector("#detail h2")?.textContent === "everywhere"`)
	}
	last := tabs[len(tabs)-1]
	last.click(`[name="answer"][value="503"]`)
	for i, p := range tabs {
		p.wait(fmt.Sprintf("tab %d shows the fault", i), `!document.querySelector("#fault-banner").hidden`)
		p.quiet()
	}
}

// behindAProxy shows the page below a path, by a proxy that writes its own Host.
func behindAProxy(t *testing.T, browser context.Context) {
	gateway, err := live.New(live.Options{Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway)
	defer server.Close()
	target, _ := neturl.Parse(server.URL)
	proxy := httptest.NewServer(http.StripPrefix("/gw", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target) // the Host, too
	}}))
	defer proxy.Close()
	defer gateway.Close() // first: the stream ends
	p := &tab{TB: t, url: proxy.URL + "/gw"}
	p.show(browser, p.url+"/", 1280, 800, "light")
	p.wait("it says where to send", `document.querySelector("#env").textContent.includes("CAUSALITY_ENDPOINT=" + location.origin + "/gw\n")`)
	p.post(batch(custom("k", "through", "")))
	p.click(".row")
	p.wait("the details are shown", `document.querySelector("#detail h2")?.textContent === "through"`)
	p.click(`[name="answer"][value="503"]`)
	p.wait("faults are switched", `!document.querySelector("#fault-banner").hidden`)
	p.quiet()
}
