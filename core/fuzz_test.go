package causality_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// FuzzTrack sends an event of arbitrary strings and numbers, and reads the
// request as strictly as the gateway does.
func FuzzTrack(f *testing.F) {
	f.Add("purchase_complete", "order_id", "o-42", "total.cents", int64(1999), 0.5, true, "u-1", "req-7", []byte(`{"a":1}`))
	f.Add("a\nb\t\x00", "", "\xff\xed\xa0\x80", "\"\\\u2028", int64(-1), 1e21, false, "\x7f", "\ud7ff", []byte(`[1,{"a":1,"a":"\ud800"}]`))
	f.Add("event_name", "user_id", "}", "_server_hostname", int64(0), math.Copysign(0, -1), true, "user_id", `","id":"`, []byte(`{"user_id":null,"b":{"c":1e400}}`))
	g := newGateway(f)
	client := newClient(f, g)
	f.Fuzz(func(t *testing.T, eventType, key, text, other string, n int64, x float64, yes bool, user, correlation string, raw []byte) {
		client.Track(causality.Event{
			EventType: eventType, UserID: user, SessionID: text, DeviceID: other, CorrelationID: correlation, TimestampMs: n,
			Properties: map[string]any{key: text, other: n, text: json.RawMessage(raw), "map": map[string]any{key: x, other: raw, text: map[string]any{key: yes}}},
			Attrs:      []slog.Attr{slog.Float64(text, x), slog.Group(key, other, n, key, yes), slog.String(user, correlation), slog.Any(other, raw)},
		})
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		s := balanced(t, client)
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, problem := range g.problems {
			t.Error(problem)
		}
		if len(g.problems) == 0 && s.Dropped.Total() != s.Dropped.Invalid {
			t.Errorf("%+v", s)
		}
		for _, r := range g.requests {
			if i := bytes.IndexFunc(r.body, func(c rune) bool { return c < ' ' && c != '\n' }); i >= 0 {
				t.Errorf("a raw control character at %d of %q", i, r.body)
			}
		}
		g.problems, g.requests, g.stored = nil, nil, nil
		clear(g.seen)
		clear(g.known)
	})
}
