package causality_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var update = flag.Bool("update", false, "rewrite the golden requests in testdata")

// situations are the requests that testdata shows, one file each.
var situations = []struct {
	name   string
	config func(*causality.Config)
	events []causality.Event
}{
	{name: "minimal", events: []causality.Event{{EventType: "ping"}}},
	{name: "purchase", events: []causality.Event{{
		EventType: causality.EventPurchaseComplete, UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
		Attrs: []slog.Attr{slog.String("order_id", "o-42"), slog.Int("total_cents", 1999), slog.Bool("gift", true), slog.Float64("rate", 0.5)},
	}}},
	{name: "one event a line", events: []causality.Event{{EventType: "first"}, {EventType: "second"}, {EventType: "third"}}},
	{name: "kinds of values", events: []causality.Event{{EventType: "kinds", Attrs: []slog.Attr{
		slog.Uint64("beyond_int64", math.MaxUint64),
		slog.Float64("nan", math.NaN()),
		slog.Duration("took", 1500*time.Microsecond),
		slog.Time("at", time.Date(2026, 11, 23, 10, 52, 55, 0, time.FixedZone("CET", 3600))),
		slog.Any("error", errors.New("no stock")),
		slog.Any("bytes", []byte("raw")),
		slog.Any("list", []string{"a", "b"}),
		slog.Any("object", struct {
			SKU string `json:"sku"`
		}{"p-1"}),
		slog.Any("nothing", nil),
		slog.Any("channel", make(chan int)),
	}}}},
	{name: "keys", events: []causality.Event{{EventType: "keys", UserID: "u-1", Properties: map[string]any{
		"http":        map[string]any{"method": "GET", "route.name": "cart"},
		"a.b":         1,
		"a_b":         "the later wins",
		"user_id":     "taken",
		"quote\"\n\t": "line\nfeed \x00 \xff",
		"":            "no name",
	}}}},
	{name: "event type made valid", events: []causality.Event{{EventType: "order\nplaced\t" + strings.Repeat("é", 150)}}},
	{name: "typed", config: typed, events: []causality.Event{{
		EventType: causality.EventPurchaseComplete, UserID: "u-1", SessionID: "s-9",
		Properties: map[string]any{
			"order_id": "o-42", "total_cents": 1999, "currency": "EUR", "extra": "left out",
			"items": []map[string]any{{"product_id": "p-1", "quantity": 2}},
		},
	}}},
	{name: "typed coordinates and enum", config: typed, events: []causality.Event{
		{EventType: causality.EventButtonTap, Attrs: []slog.Attr{slog.String("button_id", "buy"), slog.Group("coordinates", "x", 1, "y", 2.5)}},
		{EventType: causality.EventSwipeGesture, Attrs: []slog.Attr{slog.String("direction", "left"), slog.Duration("duration_ms", 1600*time.Microsecond)}},
	}},
	{name: "typed does not fit", config: typed, events: []causality.Event{{
		EventType: causality.EventPurchaseComplete, Properties: map[string]any{"total_cents": 19.99},
	}}},
	{name: "flat", config: flat, events: []causality.Event{{
		EventType: causality.EventPurchaseComplete, UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
		Properties: map[string]any{"order_id": "o-42", "total_cents": 1999, "http.route": "cart", "tags": []string{"a"}, "cart": map[string]any{"items": 2}},
	}}},
}

func typed(cfg *causality.Config) { cfg.TypedPayloads, cfg.DeviceID = true, "" }
func flat(cfg *causality.Config)  { cfg.Format = causality.FormatFlat }

func TestRequestsLookLikeTheGoldenOnes(t *testing.T) {
	for _, situation := range situations {
		t.Run(situation.name, func(t *testing.T) {
			got := request(t, situation.config, situation.events)
			file := filepath.Join("testdata", strings.ReplaceAll(situation.name, " ", "-")+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the request changed; if that is meant, run go test ./core -run Golden -update and look at the diff\n got %s\nwant %s", got, want)
			}
		})
	}
}

// request returns the body of the one request that the events make, with what
// differs from run to run masked.
func request(t *testing.T, change func(*causality.Config), events []causality.Event) []byte {
	var body []byte
	cfg := causality.Config{
		APIKey: "key", Endpoint: "http://127.0.0.1", AppID: "checkout", DeviceID: "web-3",
		Logger: slog.New(slog.DiscardHandler),
		Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
			defer req.Body.Close()
			if body == nil { // what comes later asks why the first one failed
				body, _ = io.ReadAll(req.Body)
			}
			// Status 404: what is sent matters here, not what becomes of it.
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody}, nil
		}),
	}
	if change != nil {
		change(&cfg)
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		event.TimestampMs = 1795430525389
		client.Track(event)
	}
	if err := client.Flush(); err == nil {
		t.Fatal("Flush of a request that was answered 404 returned nil")
	}
	noTime, cancel := context.WithCancel(context.Background())
	cancel()
	_ = client.Shutdown(noTime) // the events of a 404 wait for ever
	return mask(body)
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"id":"[0-9a-f-]{36}"`), `"id":"<uuid>"`},
	{regexp.MustCompile(`"idempotency_key":"[0-9a-f-]{36}"`), `"idempotency_key":"<uuid>"`},
	{regexp.MustCompile(`"app_version":"[^"]*",`), ``},
}

func mask(body []byte) []byte {
	for _, m := range masks {
		body = m.what.ReplaceAll(body, []byte(m.with))
	}
	host, _ := os.Hostname()
	for from, to := range map[string]string{
		`"` + host + `"`:                          `"<host>"`,
		runtime.Version():                         `<go>`,
		runtime.GOOS + "/" + runtime.GOARCH + `"`: `<os>"`,
	} {
		body = bytes.ReplaceAll(body, []byte(from), []byte(to))
	}
	return body
}
