//go:build go1.25

package causality_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// lookalikes are texts that look like the key of an event, or like a place for
// one. The key that a resend changes must be the event's own.
var lookalikes = []string{
	`plain`, `x","idempotency_key":"y`, `"idempotency_key":"`, `idempotency_key`, `idempotency_key":"`, `\","idempotency_key":"`, `\\","idempotency_key":"00000000-0000-0000-0000-000000000000`,
	`,"idempotency_key":"00000000-0000-0000-0000-000000000000"`, "\"idempotency_key\":\"\xff", `{"idempotency_key":"x"}`, `\`, `"`,
}

// sendTwice tracks events with a lookalike in every place and returns what the
// first and the second request held, event by event. Before it answers the first
// request the gateway does what first says.
func sendTwice(t *testing.T, change func(*causality.Config), first func(events int) (int, string, error)) (before, after []causality.Event, stats causality.Stats) {
	client, g := newFlat(t, change)
	g.answer = func(i, events int) (int, string, error) {
		if i == 0 {
			return first(events)
		}
		return http.StatusOK, takesAll(events), nil
	}
	for _, text := range lookalikes {
		client.Track(causality.Event{EventType: text, UserID: text, DeviceID: text, CorrelationID: text, SessionID: text,
			Properties: props{text: text, "idempotency_key": text, "list": []string{text}, "raw": json.RawMessage(`[{"idempotency_key":"mine"}]`)},
			Attrs:      []slog.Attr{slog.Group("idempotency_key", slog.String("idempotency_key", text))}})
	}
	// The first may return the error of its request.
	if err := errors.Join(client.Flush(), client.Flush()); err != nil {
		t.Logf("Flush: %v", err)
	}
	lines := g.take()
	if n := len(lookalikes); len(lines) != 2*n {
		t.Fatalf("%d events are sent, want each of %d twice", len(lines), n)
	}
	decoded := make([]causality.Event, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &decoded[i]); err != nil {
			t.Fatal(err)
		}
	}
	return decoded[:len(lookalikes)], decoded[len(lookalikes):], client.Stats()
}

func withoutKey(e causality.Event) string {
	e.IdempotencyKey = ""
	return fmt.Sprintf("%+v", e)
}

func TestFlatAResendChangesTheKeyAndNothingElse(t *testing.T) {
	for _, tt := range []struct {
		what    string
		change  func(*causality.Config)
		first   func(events int) (int, string, error)
		sameKey bool
	}{
		{"an unknown outcome", func(*causality.Config) {},
			func(int) (int, string, error) { return 0, "", errors.New("connection reset") }, false},
		{"an unknown outcome, ReuseKeys", func(cfg *causality.Config) { cfg.ReuseKeys = true },
			func(int) (int, string, error) { return 0, "", errors.New("connection reset") }, true},
		{"a proxy's refusal", func(*causality.Config) {},
			func(int) (int, string, error) { return http.StatusBadGateway, "bad gateway", nil }, false},
		{"a refusal", func(*causality.Config) {},
			func(int) (int, string, error) { return http.StatusServiceUnavailable, "", nil }, true},
		{"a rejection for now", func(*causality.Config) {},
			func(events int) (int, string, error) {
				results := make([]string, events)
				for i := range results {
					results[i] = fmt.Sprintf(`{"index":%d,"status":"rejected","error":"failed to publish event: nats: timeout"}`, i)
				}
				return http.StatusOK, fmt.Sprintf(`{"rejectedCount":%d,"results":[%s]}`, events, strings.Join(results, ",")), nil
			}, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				before, after, stats := sendTwice(t, tt.change, tt.first)
				// Events that were probes come in another order.
				byText := func(a, b causality.Event) int { return strings.Compare(withoutKey(a), withoutKey(b)) }
				slices.SortFunc(before, byText)
				slices.SortFunc(after, byText)
				keys, types := make(map[string]bool), make(map[string]bool)
				for _, text := range lookalikes {
					types[strings.ToValidUTF8(text, "\uFFFD")] = true
				}
				for i := range before {
					if old, again := withoutKey(before[i]), withoutKey(after[i]); old != again {
						t.Errorf("sent\n%s and then\n%s", old, again)
					}
					if !types[before[i].EventType] {
						t.Errorf("the type is %q, which was not tracked", before[i].EventType)
					}
					for _, key := range []string{before[i].IdempotencyKey, after[i].IdempotencyKey} {
						if !uuidPattern.MatchString(key) {
							t.Errorf("the key of %q is %q", before[i].EventType, key)
						}
						keys[key] = true
					}
					if same := before[i].IdempotencyKey == after[i].IdempotencyKey; same != tt.sameKey {
						t.Errorf("the keys of %q are %s and %s", before[i].EventType, before[i].IdempotencyKey, after[i].IdempotencyKey)
					}
				}
				want := 2 * len(before)
				if tt.sameKey {
					want = len(before)
				}
				if len(keys) != want || stats.Delivered != int64(len(before)) {
					t.Errorf("%d keys, want %d; %+v", len(keys), want, stats)
				}
			})
		})
	}
}

func TestFlatARejectionNamesTheTypeOfTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failures []string
		client, g := newFlat(t, func(cfg *causality.Config) {
			cfg.OnDrop = func(e causality.DroppedEvent) { failures = append(failures, e.EventType+" "+e.Err.Error()) }
		})
		g.answer = func(int, int) (int, string, error) {
			return http.StatusOK, `{"rejectedCount":1,"results":[{"status":"rejected","error":"too odd"}]}`, nil
		}
		client.Track(causality.Event{EventType: `odd","event_type":"x`, Properties: props{"event_type": "y"}})
		_ = client.Flush()
		_ = client.Close()
		if len(failures) != 1 || !strings.Contains(failures[0], `odd","event_type":"x `) || !strings.Contains(failures[0], "too odd") {
			t.Errorf("the errors are %q", failures)
		}
	})
}
