package causality_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestEventID_IsKeptOrInvalid(t *testing.T) {
	for name, id := range map[string]string{
		"one byte": "x", "a message's": "orders/3/1042", "128 bytes": strings.Repeat("é", 64), "spaces inside": "a b", "quotes": `"\`, "a forged key": `","idempotency_key":"`,
	} {
		got := sent(t, nil, causality.Event{ID: id, EventType: "e", UserID: "u"}, causality.Event{EventType: "after"})
		if got[0].ID != id || got[0].AppID != "checkout" || got[0].Name != "e" || len(got[0].Key) != 36 || len(got[1].ID) != 36 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, id := range map[string]string{
		"129 bytes": strings.Repeat("a", 129), "129 bytes of runes": strings.Repeat("é", 64) + "a", "a line feed": "a\n", "a zero": "\x00", "an escape": "\x1b[2J",
		"bytes that are not UTF-8": "a\xff", "a line separator": "a\u2028", "a direction": "a\u202e",
	} {
		var book logbook
		client := newClient(t, newGateway(t), loggingTo(&book))
		client.Track(causality.Event{ID: id, EventType: "e"})
		abandon(client)
		lines := book.about("invalid event dropped")
		if s := balanced(t, client); s.Dropped.Invalid != 1 || len(lines) != 1 || lines[0].attrs["reason"] != "its ID is not 1 to 128 bytes of printable text" {
			t.Errorf("%s: %+v, %v", name, s.Dropped, lines)
		}
	}
}

// oneAtATime keeps events in the order of Track on their way.
func oneAtATime(cfg *causality.Config) { cfg.MaxInFlight = 1 }

func TestEventIDs_SortInTheOrderOfTrack(t *testing.T) {
	now := time.Now().UnixMilli()
	ids := func(events []event) (ids []string) {
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	times := map[string]func(n int) int64{
		"the clock's":   func(int) int64 { return 0 },
		"backwards":     func(n int) int64 { return now - int64(n)*1000 },
		"of long ago":   func(n int) int64 { return time.Date(2001, 1, 2, 0, 0, n, 0, time.UTC).UnixMilli() },
		"far ahead":     func(n int) int64 { return now + int64(n%7)*1e12 },
		"now and again": func(n int) int64 { return []int64{0, now, now - 1e9, now + 1e9}[n%4] },
		"a second each": func(n int) int64 { return now + int64(n)*1000 },
	}
	for name, at := range times {
		var events []causality.Event
		for n := range 1000 {
			events = append(events, causality.Event{EventType: "e", TimestampMs: at(n)})
		}
		if got := ids(sent(t, oneAtATime, events...)); len(got) != 1000 || !slices.IsSorted(got) || len(slices.Compact(got)) != 1000 {
			t.Errorf("%s: the IDs do not sort", name)
		}
	}
	// Two clients of one process have one order.
	g := newGateway(t)
	clients := []*causality.Client{newClient(t, g), newClient(t, g)}
	for n := range 100 {
		track(clients[n%2], n, n+1)
	}
	flush(t, clients[0])
	flush(t, clients[1])
	got := g.events()
	slices.SortFunc(got, func(a, b event) int { return strings.Compare(a.ID, b.ID) })
	for n, e := range got {
		if e.n() != n {
			t.Fatalf("event %d has place %d", e.n(), n)
		}
	}
}

func TestEventIDs_TellTheTime(t *testing.T) {
	before := time.Now().UnixMilli()
	for _, e := range sent(t, nil, causality.Event{EventType: "e"}, causality.Event{EventType: "e", TimestampMs: before + 1e12}, causality.Event{EventType: "e"}) {
		var ms int64
		if _, err := fmt.Sscanf(strings.ReplaceAll(e.ID, "-", "")[:12], "%x", &ms); err != nil || ms < before-5000 || ms > time.Now().UnixMilli()+5000 {
			t.Errorf("%s is of %v", e.ID, time.UnixMilli(ms))
		}
		if e.ID[14] != '7' || !strings.ContainsRune("89ab", rune(e.ID[19])) {
			t.Errorf("%s is no UUIDv7", e.ID)
		}
	}
}

func TestEventIDsConcurrentSafe(t *testing.T) {
	g := newGateway(t)
	client := newClient(t, g)
	var group sync.WaitGroup
	const goroutines, each = 8, 500
	for of := range goroutines {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range each {
				client.Track(causality.Event{EventType: fmt.Sprint("of ", of), Attrs: []slog.Attr{slog.Int("n", n)}})
			}
		}()
	}
	group.Wait()
	flush(t, client)
	events := g.events()
	slices.SortFunc(events, func(a, b event) int { return strings.Compare(a.ID, b.ID) })
	unique, keys, next := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, e := range events {
		if next[e.Name] != e.n() {
			t.Fatalf("%s: %d comes after %d", e.Name, e.n(), next[e.Name])
		}
		next[e.Name]++
		unique[e.ID], keys[e.Key] = true, true
		if key := e.Key; len(key) != 36 || key[14] != '4' || !strings.ContainsRune("89ab", rune(key[19])) {
			t.Fatalf("%q is no UUIDv4", key)
		}
	}
	if len(unique) != goroutines*each || len(keys) != goroutines*each {
		t.Errorf("%d IDs and %d keys of %d events", len(unique), len(keys), goroutines*each)
	}
}

func TestTimestampsInSecondsAreInvalid(t *testing.T) {
	now := time.Now()
	for _, at := range []int64{1, now.Unix(), 1_000_000_000, 99_999_999_999, 253_402_300_799, 978_307_199_999} {
		var book logbook
		client := newClient(t, newGateway(t), loggingTo(&book))
		client.Track(causality.Event{EventType: "e", TimestampMs: at})
		abandon(client)
		lines := book.about("invalid event dropped")
		if s := balanced(t, client); s.Dropped.Invalid != 1 || len(lines) != 1 || !strings.Contains(lines[0].attrs["reason"], "is in seconds; it takes milliseconds, t.UnixMilli()") {
			t.Errorf("%d: %+v, %v", at, s.Dropped, lines)
		}
	}
	for _, at := range []int64{0, -1, now.UnixMilli(), 978_307_200_000, 253_402_300_799_999} {
		if got := sent(t, nil, causality.Event{EventType: "e", TimestampMs: at}); len(got) != 1 || at > 0 && got[0].TimestampMs != at {
			t.Errorf("%d: %+v", at, got)
		}
	}
}

func TestConfigAttrs(t *testing.T) {
	common := []slog.Attr{slog.String("env", "prod"), slog.String("region", "eu"), slog.Group("build", slog.Int("n", 7)), slog.Any("m", map[string]any{"a": 1})}
	base := map[string]string{"env": "string prod", "region": "string eu", "build_n": "int 7", "m_a": "int 1"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(base)
		maps.Copy(all, more)
		return all
	}
	many := map[string]any{}
	for n := range 100 {
		many[fmt.Sprint("k", n)] = n
	}
	upper := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "env" {
			a.Value = slog.StringValue(strings.ToUpper(a.Value.String()))
		}
		return a
	}
	for name, change := range map[string]func(*causality.Config){
		"encoded once": nil,
		"with BeforeTrack": func(cfg *causality.Config) {
			cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, true }
		},
	} {
		t.Run(name, func(t *testing.T) {
			configure := func(cfg *causality.Config) {
				cfg.Attrs, cfg.ReplaceAttr = common, upper
				if change != nil {
					change(cfg)
				}
			}
			want := with(map[string]string{"env": "string PROD"})
			events := sent(t, configure,
				causality.Event{EventType: "e"},
				causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Int("own", 1)}},
				causality.Event{EventType: "e", Properties: map[string]any{"env": "test", "region": 5}},
				causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Bool("env", true)}},
				causality.Event{EventType: "e", Properties: many},
				causality.Event{EventType: "e"},
			)
			all := with(map[string]string{"env": "string PROD"})
			for key, n := range many {
				all[key] = fmt.Sprint("int ", n)
			}
			for i, want := range []map[string]string{
				want, with(map[string]string{"env": "string PROD", "own": "int 1"}), with(map[string]string{"env": "string TEST", "region": "int 5"}),
				with(map[string]string{"env": "string true"}), all, want,
			} {
				if i == 3 {
					want["env"] = "string TRUE"
				}
				if got := events[i].params(); !maps.Equal(got, want) {
					t.Errorf("event %d\ngot  %v\nwant %v", i, got, want)
				}
			}
		})
	}
	t.Run("are those of New", func(t *testing.T) {
		g := newGateway(t)
		own := []slog.Attr{slog.String("env", "prod"), slog.Any("m", map[string]int{"a": 1})}
		client := newClient(t, g, func(cfg *causality.Config) { cfg.Attrs = own })
		own[1].Value.Any().(map[string]int)["a"], own[0] = 2, slog.String("env", "changed")
		client.Track(causality.Event{EventType: "e"})
		flush(t, client)
		if got := g.events()[0].params(); !maps.Equal(got, map[string]string{"env": "string prod", "m_a": "int 1"}) {
			t.Errorf("%v", got)
		}
	})
	t.Run("may be many, and clash with the identity", func(t *testing.T) {
		var common []slog.Attr
		want := map[string]string{"user_id": "string u", "user_id_2": "string nobody", "own": "int 1"}
		for n := range 50 {
			common = append(common, slog.Int(fmt.Sprint("k", n), -1), slog.Int(fmt.Sprint("k", n), n))
			want[fmt.Sprint("k", n)] = fmt.Sprint("int ", n)
		}
		want["k7"] = "int 77"
		common = append(common, slog.String("user_id", "nobody"))
		got := sent(t, func(cfg *causality.Config) { cfg.Attrs = common }, causality.Event{EventType: "e", UserID: "u", Attrs: []slog.Attr{slog.Int("own", 1), slog.Int("k7", 77)}})
		if params := got[0].params(); !maps.Equal(params, want) {
			t.Errorf("%v", params)
		}
	})
	t.Run("are in the flat form", func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.Attrs, cfg.Format = common, causality.FormatFlat })
		g.then(func(_ *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			got.body, _ = io.ReadAll(r.Body)
			return reply(200, `{"acceptedCount":1,"results":[{"status":"accepted"}]}`), nil
		})
		client.Track(causality.Event{ID: "o-42", EventType: "e", Properties: map[string]any{"region": 5}})
		_ = client.Flush()
		if body := string(g.got()[0].body); !strings.Contains(body, `"id":"o-42"`) || !strings.Contains(body, `"properties":{"_server":`) || !strings.Contains(body, `"build":{"n":7},"env":"prod","m":{"a":1},"region":5}`) {
			t.Errorf("%s", body)
		}
	})
	t.Run("go into typed payloads that have a field for them", func(t *testing.T) {
		g := newTyped(t, func(cfg *causality.Config) {
			cfg.Attrs = []slog.Attr{slog.String("env", "prod"), slog.String("currency", "EUR")}
		})
		got := g.send(t, causality.Event{EventType: causality.EventPurchaseComplete, Properties: props{"order_id": "o-42"}})
		got.wantTyped(t, causality.EventPurchaseComplete, props{"order_id": "o-42", "currency": "EUR"})
		if got.dropped != 1 {
			t.Errorf("%d properties are counted as left out", got.dropped)
		}
	})
	t.Run("are counted when ReplaceAttr panics", func(t *testing.T) {
		client := newClient(t, newGateway(t), func(cfg *causality.Config) {
			cfg.Attrs = common
			cfg.ReplaceAttr = func([]string, slog.Attr) slog.Attr { panic("no") }
		})
		if n := client.Stats().Properties.Dropped; n != 4 {
			t.Errorf("%d", n)
		}
	})
}

func TestConfigAppVersion(t *testing.T) {
	body := func(version string) string {
		g := newGateway(t)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.AppVersion = version })
		track(client, 0, 1)
		flush(t, client)
		return string(g.got()[0].body)
	}
	if got := body(`1.2.3-"rc"`); !strings.Contains(got, `"app_version":"1.2.3-\"rc\"",`) {
		t.Errorf("%s", got)
	}
	t.Setenv("CAUSALITY_APP_VERSION", "9")
	if got := causality.ConfigFromEnv().AppVersion; got != "9" {
		t.Errorf("%q from the environment", got)
	}
}
