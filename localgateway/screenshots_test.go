package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var update = flag.Bool("update", false, "write the screenshots in docs/")

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

func TestScreenshots(t *testing.T) {
	if !*update {
		t.Skip("skipped: it writes to docs/; use -update")
	}
	b := browser(t)
	for _, shot := range []struct {
		file, scheme  string
		width, height int64
	}{
		{"../docs/localgateway-light.png", "light", 1280, 800},
		{"../docs/localgateway-dark.png", "dark", 1280, 800},
		{"../docs/localgateway-phone.png", "light", 390, 844},
		{os.TempDir() + "/lg-phone-dark-detail.png", "dark", 390, 844},
		{os.TempDir() + "/lg-empty.png", "light", 1280, 800},
		{os.TempDir() + "/lg-row.png", "light", 1280, 800},
	} {
		p := open(t, b, shot.width, shot.height, shot.scheme)
		if !strings.Contains(shot.file, "empty") {
			p.shop()
			p.post(batch(custom("k-1", "coupon_used", `"code":"SPRING","user_id":"ada"`)))
			p.post(batch(custom("k-1", "coupon_used", `"code":"SPRING","user_id":"ada"`)))
			p.post(batch(custom("k-2", "refund_asked", `"order_id":"o-911","user_id":"grace"`),
				`{"app_id":"checkout","event_type":"refund_asked","user_id":"grace","properties":{"order_id":"o-912"}}`,
				custom("k-3", "refund_asked", `"order_id":"o-913"`)))
			p.post(batch(fmt.Sprintf(`{"id":"l","idempotency_key":"l","app_id":"checkout","device_id":"web-3","timestamp_ms":%d,"user_login":{"user_id":"ken","method":"passkey"}}`, time.Now().UnixMilli())))
			for range 3 {
				p.post(batch(custom("k-5", "refund_asked", `"order_id":"o-914","user_id":"ada"`), `{"app_id":"mobile-api","deviceId":"d","timestamp_ms":1,"screen_view":{}}`))
			}
			p.post(batch(custom("k-4", "newsletter_joined", `"source":"footer","user_id":"linus"`)))
			p.wait("all are listed", `document.querySelectorAll(".row").length > 100 && document.querySelectorAll(".types li").length > 6`)
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
