package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

func chartsShareAScale(p *tab) {
	var events []string
	for i := range 30 {
		events = append(events, custom(fmt.Sprint("a", i), "often", ""))
	}
	events = append(events, custom("a1", "often", ""))
	for i := range 10 {
		events = append(events, custom(fmt.Sprint("b", i), "seldom", ""))
	}
	p.post(batch(events...))
	p.post(batch(custom("c", "lost", ""), `{"nope":1}`))
	p.wait("both types have a chart", `document.querySelectorAll(".types svg").length === 2`)
	// The height of the newest bar, in parts of its chart.
	bar := func(selector string) float64 {
		var part float64
		p.run(chromedp.Evaluate(fmt.Sprintf(`(() => { const svg = document.querySelector(%q).closest("svg"); return document.querySelector(%[1]q).getBBox().height / svg.viewBox.baseVal.height; })()`, selector), &part))
		return part
	}
	often, seldom := bar(`[data-type="often"] path.stored`), bar(`[data-type="seldom"] path.stored`)
	if ratio := often / seldom; ratio < 2.8 || ratio > 3.2 {
		p.Errorf("30 and 10 events have bars of %.2f and %.2f", often, seldom)
	}
	p.wait("all events have one, with the refused and the duplicate", `["stored 40", "duplicate 1", "refused 2"].every((w) => document.querySelector("#legend").textContent.includes(w)) && ["stored", "duplicate", "refused"].every((c) => document.querySelector("#all-chart path." + c).getBBox().height > 0)`)
	p.wait("it says its scale", `document.querySelector("#scale").textContent === "50"`)
}

func fitsALaptop(p *tab) {
	const name = "checkout_payment_method_validation_completed_for_returning_customer"
	p.post(batch(custom("k1", name, `"long":"`+strings.Repeat("very ", 30)+`","after":"still here"`),
		fmt.Sprintf(`{"id":"t","idempotency_key":"t","app_id":"checkout","device_id":"d","timestamp_ms":%d,"screen_view":{"screen_name":"Home"}}`, time.Now().UnixMilli())))
	p.wait("both are listed", `document.querySelectorAll(".row").length === 2`)
	uncut := fmt.Sprintf(`[...document.querySelectorAll(".row .kind, .types .name")].every((e) => e.scrollWidth <= e.clientWidth + 1 && getComputedStyle(e).textOverflow !== "ellipsis") && [...document.querySelectorAll(".row .type")].at(-1).textContent === %q`, name)
	visible := `((e) => { const r = e.getBoundingClientRect(), box = e.closest(".props").getBoundingClientRect(); return r.width > 0 && r.right <= box.right + 1 && r.bottom <= box.bottom + 1; })([...document.querySelectorAll(".prop")].find((e) => e.textContent === "after still here"))`
	twoRows := `document.querySelector("#filters").offsetHeight < 92 && new Set([...document.querySelectorAll(".fields label")].map((e) => e.offsetTop)).size === 1 && new Set([...document.querySelectorAll(".outcomes label")].map((e) => e.offsetTop)).size === 1`
	p.wait("names are whole", uncut)
	p.wait("a typed event has its category beside its type", `document.querySelector(".row .type").textContent === "view" && document.querySelector(".row .category").textContent === "screen"`)
	p.wait("a long property leaves room for others", visible)
	p.wait("the filters are two rows", twoRows)
	p.post(batch(`{"app_id":"checkout","device_id":"d","timestamp_ms":1,"a_field_that_no_event_of_the_catalogue_has":1}`))
	p.wait("a refused request is listed", `document.querySelectorAll(".row").length === 3`)
	p.run(chromedp.Evaluate(`document.querySelectorAll(".row")[2].click()`, nil))
	p.wait("the details are open", `!document.querySelector("#detail").hidden`)
	p.wait("the reason wraps and is whole", `((e) => e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight <= e.clientHeight + 1)(document.querySelector(".row .reason"))`)
	p.wait("the filters still are", twoRows)
	p.wait("names still are", uncut)
	p.wait("and the property", visible)
}

func timesAreShown(p *tab) {
	at := func(key string, ms int64) string {
		return fmt.Sprintf(`{"id":%[1]q,"idempotency_key":%[1]q,"app_id":"a","device_id":"d","timestamp_ms":%[2]d,"custom_event":{"event_name":%[1]q}}`, key, ms)
	}
	now := time.Now()
	p.post(batch(at("today", now.UnixMilli()), at("yesterday", now.AddDate(0, 0, -1).UnixMilli()), at("nanoseconds", now.UnixNano()), at("microseconds", now.UnixMicro())))
	cell := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".row")].find((r) => r.querySelector(".type").textContent === %q)?.querySelector(".time").textContent`, name)
	}
	p.wait("today has no date", cell("today")+`?.match(/^\d\d:\d\d:\d\d\.\d\d\d$/) != null`)
	p.wait("yesterday has", cell("yesterday")+fmt.Sprintf(`.startsWith("%s ")`, now.AddDate(0, 0, -1).Format("2006-01-02")))
	for _, name := range []string{"nanoseconds", "microseconds"} {
		p.wait(name+" are no time", cell(name)+`.match(/^\d\d:\d\d:\d\d\.\d\d\d time\?$/) !== null`)
	}
	p.run(chromedp.Evaluate(`[...document.querySelectorAll(".row")].find((r) => r.innerText.includes("nanoseconds")).click()`, nil))
	p.wait("the details say what is wrong, digit by digit", fmt.Sprintf(`document.querySelector(".facts").innerText.includes("%d is no time in milliseconds: microseconds or nanoseconds?")`, now.UnixNano()))
	p.wait("nothing is NaN", `!document.body.innerText.includes("NaN")`)
}

// largeEvents opens what has megabytes, and holds how long the page did not respond.
func largeEvents(p *tab) {
	text := strings.Repeat("word ", 950_000) // 4.75 MB
	fields := strings.TrimSuffix(strings.Repeat(`"f",`, 300_000), ",")
	p.post(batch(custom("text", "long_text", fmt.Sprintf(`"text":%q`, text))))
	p.post(batch(fmt.Sprintf(`{"app_id":"a","device_id":"d","timestamp_ms":1,"user_profile_update":{"fields_updated":[%s]}}`, fields)))
	p.post(batch(custom("name", text, "")))
	p.post(batch(fmt.Sprintf(`{"nope":[%s]}`, fields)))
	p.post(batch(custom("stored", "a_megabyte", fmt.Sprintf(`"text":%q`, text[:1_000_000]))))
	p.wait("all are listed", `document.querySelectorAll(".row").length === 5`)
	p.run(chromedp.Evaluate(`window.longest = 0; window.before = performance.now();
		setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - before - 20); before = now; }, 20); 0`, nil))
	for i := 1; i <= 5; i++ {
		p.click(fmt.Sprintf(".list li:nth-child(%d) .row", i))
		p.wait("its details are open", fmt.Sprintf(`document.querySelector(".list li:nth-child(%d) .row").hasAttribute("aria-current") && document.querySelector("#detail").textContent.length > 100`, i))
		for _, tab := range []string{"row", "sql", "sent"} {
			p.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector('[data-tab=%q]')?.click(); document.querySelector("#detail").offsetHeight`, tab), nil))
		}
	}
	time.Sleep(100 * time.Millisecond)
	var longest float64
	p.run(chromedp.Evaluate(`longest`, &longest))
	p.Logf("the longest freeze was %.0f ms", longest)
	if longest > 10_000 { // alone it takes well under a second, and took 21 s when all was drawn
		p.Errorf("the page did not respond for %.0f ms", longest)
	}
}
