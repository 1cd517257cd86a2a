package causalitytest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// purchases tracks three events.
func purchases(client *causality.Client) {
	client.Track(causality.Event{EventType: "cart_viewed"})
	client.Track(causality.Event{EventType: "purchase_complete", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7", DeviceID: "phone", Properties: map[string]any{
		"order_id": "o-42", "total_cents": 1999, "rate": 0.5, "gift": true, "took": time.Second, "http": map[string]any{"method": "GET"}, "tags": []string{"a"}}})
	client.Track(causality.Event{EventType: "purchase_complete", Properties: map[string]any{"order_id": "o-43", "total_cents": "1999"}})
}

func TestExpect(t *testing.T) {
	for _, test := range []struct {
		name      string
		eventType string
		args      []any
		failure   []string // what it has in it
	}{
		{"by its type", "cart_viewed", nil, nil},
		{"with values as Go has them", "purchase_complete", []any{"total_cents", 1999, "rate", 0.5, "gift", true, "order_id", "o-42", "took", time.Second}, nil},
		{"with other types of integers", "purchase_complete", []any{"total_cents", uint16(1999)}, nil},
		{"with attributes", "purchase_complete", []any{slog.Int64("total_cents", 1999), "gift", true}, nil},
		{"with a group", "purchase_complete", []any{slog.Group("http", "method", "GET")}, nil},
		{"with a map", "purchase_complete", []any{"http", map[string]string{"method": "GET"}}, nil},
		{"with the name as it arrives", "purchase_complete", []any{"http_method", "GET"}, nil},
		{"with a list", "purchase_complete", []any{"tags", []string{"a"}}, nil},
		{"with the identity", "purchase_complete", []any{"user_id", "u-1", "session_id", "s-9", "correlation_id", "req-7", "device_id", "phone"}, nil},
		{"with the client's device", "cart_viewed", []any{"device_id", "test-device"}, nil},
		{"without a property", "purchase_complete", []any{"order_id", "o-43", "gift", nil, "user_id", nil}, nil},
		{"not with another type", "purchase_complet", nil, []string{`no such event: purchase_complet`, `the nearest is event 1 of 3, cart_viewed`, `got "cart_viewed", want "purchase_complet"`}},
		{"not with another value", "purchase_complete", []any{"order_id", "o-42", "total_cents", 2000}, []string{`no such event: purchase_complete order_id="o-42" total_cents=2000 (int64)`, "nearest is event 2 of 3, purchase_complete", "total_cents: got 1999 (int64), want 2000 (int64)"}},
		{"not with another type of value", "purchase_complete", []any{"rate", nil, "order_id", "o-43", "total_cents", 1999}, []string{"nearest is event 3", `total_cents: got "1999", want 1999 (int64)`}},
		{"not with a float for an int", "purchase_complete", []any{"order_id", "o-42", "total_cents", 1999.0}, []string{"total_cents: got 1999 (int64), want 1999 (float64)"}},
		{"not with what is not there", "cart_viewed", []any{"items", 3}, []string{"items: got none, want 3 (int64)"}},
		{"not without what is there", "purchase_complete", []any{"order_id", "o-42", "gift", nil}, []string{"gift: got true, want none"}},
		{"not with another user", "purchase_complete", []any{"order_id", "o-42", "user_id", "u-2"}, []string{`user_id: got "u-1", want "u-2"`}},
		{"not with a key alone", "cart_viewed", []any{"items"}, []string{"!BADKEY"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			var got causality.Event
			fake.run(func() {
				client, rec := causalitytest.New(fake)
				purchases(client)
				got = rec.Expect(fake, test.eventType, test.args...) // flushes by itself
			})
			failure := fake.failures.String()
			if (failure == "") != (test.failure == nil) || failure == "" && got.EventType != test.eventType {
				t.Fatalf("%+v, fails with %s", got, failure)
			}
			for _, words := range test.failure {
				if !strings.Contains(failure, words) {
					t.Errorf("got  %s\nwant %s", failure, words)
				}
			}
		})
	}
}

func TestExpect_SaysWhatTheClientDropped(t *testing.T) {
	fake := &fakeTB{TB: t}
	fake.run(func() {
		client, rec := causalitytest.New(fake, causalitytest.AllowDrops())
		client.Track(causality.Event{EventType: "e", AppID: "a b"})
		rec.Expect(fake, "e")
	})
	for _, words := range []string{"no event is stored", "dropped: 1 invalid", "its AppID is not"} {
		if !strings.Contains(fake.failures.String(), words) {
			t.Errorf("no %s in %s", words, &fake.failures)
		}
	}
}

func TestExpect_LooksIntoTypedPayloads(t *testing.T) {
	client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.TypedPayloads = true }))
	client.Track(causality.Event{EventType: causality.EventButtonTap, UserID: "u", Properties: map[string]any{
		"button_id": "b", "coordinates": map[string]any{"x": 1.5, "y": 2}}})
	if raw := rec.Envelopes()[0]; raw.Payload != causality.EventButtonTap {
		t.Fatalf("%+v", raw)
	}
	rec.Expect(t, causality.EventButtonTap, "button_id", "b", "coordinates_x", 1.5)
}

func TestEnvelopesHaveTheNamesOfTheWarehouse(t *testing.T) {
	login := map[string]any{"method": "passkey"}
	for _, tt := range []struct {
		name           string
		typed          bool
		event          causality.Event
		category, kind string
	}{
		{"typed", true, causality.Event{EventType: causality.EventUserLogin, UserID: "u", Properties: login}, "user", "login"},
		{"typed, with its own name", true, causality.Event{EventType: causality.EventButtonTap, Properties: map[string]any{"button_id": "b"}}, "interaction", "button_tap"},
		{"typed, without what it requires", true, causality.Event{EventType: causality.EventScreenView}, "custom", "screen_view"},
		{"not typed", false, causality.Event{EventType: causality.EventUserLogin, UserID: "u", Properties: login}, "custom", "user_login"},
		{"not of the catalogue", true, causality.Event{EventType: "order_placed"}, "custom", "order_placed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.TypedPayloads = tt.typed }))
			client.Track(tt.event)
			if raw := rec.Envelopes()[0]; raw.EventCategory != tt.category || raw.EventType != tt.kind {
				t.Errorf("stored as %s/%s", raw.EventCategory, raw.EventType)
			}
			rec.Expect(t, tt.event.EventType)
		})
	}
}

func TestEventsCanBeCompared(t *testing.T) {
	fixed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli()
	client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.FlushInterval = time.Hour }))
	client.Track(causality.Event{EventType: "plain", UserID: "u-1", Properties: map[string]any{"n": 1}})
	client.Track(causality.Event{EventType: "chosen", ID: "o-42", AppID: "other", DeviceID: "phone", TimestampMs: fixed})
	want := []causality.Event{
		{EventType: "plain", UserID: "u-1", Properties: map[string]any{"n": int64(1)}},
		{EventType: "chosen", ID: "o-42", AppID: "other", DeviceID: "phone", TimestampMs: fixed},
	}
	if got := rec.Events(); !reflect.DeepEqual(got, want) { // flushes by itself
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := rec.OfType("chosen"); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("%+v", got)
	}
	client.Track(causality.Event{EventType: "plain", UserID: "u-1", Properties: map[string]any{"n": 1}})
	if n := rec.Len(); n != 2 {
		t.Errorf("%d events are sent, one waits", n)
	}
	if got := rec.Take(); !reflect.DeepEqual(got, append(want, want[0])) {
		t.Errorf("%+v", got)
	}
}

func TestNewFailsATestWhoseEventsWereDropped(t *testing.T) {
	invalid := func(client *causality.Client, _ *causalitytest.Recorder) { client.Track(causality.Event{}) }
	large := func(client *causality.Client, _ *causalitytest.Recorder) {
		client.Track(causality.Event{EventType: "e"})
		client.Track(causality.Event{EventType: "e"})
	}
	reject := func(client *causality.Client, rec *causalitytest.Recorder) {
		rec.Always(causalitytest.Reject(func(causality.Event) string { return "app_id is required" }))
		client.Track(causality.Event{EventType: "e"})
	}
	refuse := causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) { return causality.Event{}, false }
	})
	for _, test := range []struct {
		name    string
		opts    []causalitytest.Option
		act     func(*causality.Client, *causalitytest.Recorder)
		failure string
	}{
		{"when one is invalid", nil, invalid, "1 events were dropped as Invalid"},
		{"not when that is allowed", []causalitytest.Option{causalitytest.AllowDrops(causality.DropInvalid)}, invalid, ""},
		{"not when all is allowed", []causalitytest.Option{causalitytest.AllowDrops()}, invalid, ""},
		{"when something else is allowed", []causalitytest.Option{causalitytest.AllowDrops(causality.DropRejected)}, invalid, "dropped as Invalid"},
		{"not when it scripted the rejection", nil, reject, ""},
		{"not when BeforeTrack refuses", []causalitytest.Option{refuse}, large, ""},
		{"when a check objects", []causalitytest.Option{causalitytest.WithCheck(func(e causality.Event) error {
			if e.Properties["n"] == nil && e.AppID == "" {
				return errors.New("it has no n")
			}
			return nil
		})}, large, `event "e": it has no n`},
		{"also to what the test took", []causalitytest.Option{causalitytest.WithCheck(func(causality.Event) error { return errors.New("no") })},
			func(client *causality.Client, rec *causalitytest.Recorder) { large(client, rec); rec.Take() }, `event "e": no`},
		{"not when no check objects", []causalitytest.Option{causalitytest.WithCheck(func(causality.Event) error { return nil })}, large, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			fake.run(func() { test.act(causalitytest.New(fake, test.opts...)) })
			if got := fake.failures.String(); !strings.Contains(got, test.failure) || (got == "") != (test.failure == "") {
				t.Errorf("fails with %q, want %q", got, test.failure)
			}
		})
	}
}

func TestWait(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	t.Run("whose context has ended says what is there", func(t *testing.T) {
		client, rec := causalitytest.New(t)
		client.Track(causality.Event{EventType: "e"})
		rec.Events()
		for range 1000 {
			if err := rec.Wait(ended, 1); err != nil {
				t.Fatal(err)
			}
			if err := rec.Wait(ended, 2); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 of 2 stored events") {
				t.Fatal(err)
			}
			if err := rec.WaitRequests(ended, 1); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name, drop := range map[string]func(*causality.Client, *causalitytest.Recorder){
		"was dropped before": func(client *causality.Client, _ *causalitytest.Recorder) { client.Track(causality.Event{}) },
		"is dropped later": func(client *causality.Client, _ *causalitytest.Recorder) {
			time.AfterFunc(20*time.Millisecond, func() { client.Track(causality.Event{}) })
		},
		"is rejected": func(client *causality.Client, rec *causalitytest.Recorder) {
			rec.Always(causalitytest.Reject(func(causality.Event) string { return "app_id is required" }))
			client.Track(causality.Event{EventType: "e"})
		},
		"came after Close": func(client *causality.Client, _ *causalitytest.Recorder) {
			_ = client.Close()
			client.Track(causality.Event{EventType: "e"})
		},
	} {
		t.Run("fails at once for an event that "+name, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			fake.run(func() {
				client, rec := causalitytest.New(fake)
				start := time.Now()
				drop(client, rec)
				err := rec.Wait(context.Background(), 1)
				if err == nil || !strings.Contains(err.Error(), "0 of 1 stored events") || !strings.Contains(err.Error(), "dropped: 1 ") || !strings.Contains(err.Error(), "level=") {
					t.Errorf("%v", err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Error(took)
				}
			})
		})
	}
	t.Run("fails at once also where the others arrive later", func(t *testing.T) {
		fake := &fakeTB{TB: t}
		fake.run(func() {
			client, rec := causalitytest.New(fake)
			client.Track(causality.Event{EventType: "e"})
			client.Track(causality.Event{})
			if err := rec.Wait(context.Background(), 2); err == nil || !strings.Contains(err.Error(), "1 of 2 stored events") {
				t.Errorf("%v", err)
			}
		})
	})
	t.Run("goes on when that is allowed", func(t *testing.T) {
		client, rec := causalitytest.New(t, causalitytest.AllowDrops(causality.DropInvalid))
		client.Track(causality.Event{})
		time.AfterFunc(20*time.Millisecond, func() { client.Track(causality.Event{EventType: "e"}) })
		if err := rec.Wait(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
	t.Run("ends before the test's timeout", func(t *testing.T) {
		fake := &timedTB{fakeTB{TB: t}}
		fake.run(func() {
			_, rec := causalitytest.New(fake)
			if err := rec.Wait(context.Background(), 1); err == nil || !strings.Contains(err.Error(), "-timeout is near") {
				t.Error(err)
			}
		})
	})
}

// timedTB is a test that ends soon.
type timedTB struct{ fakeTB }

func (*timedTB) Deadline() (time.Time, bool) { return time.Now().Add(1100 * time.Millisecond), true }

// What t.Fatal says inside a function of the test's is not lost, and nothing hangs.
func TestFatalInsideAFunctionOfTheTest(t *testing.T) {
	for name, answer := range map[string]func(*fakeTB) causalitytest.Answer{
		"an AnswerFunc": func(fake *fakeTB) causalitytest.Answer {
			return causalitytest.AnswerFunc(func(causalitytest.Request) causalitytest.Answer {
				fake.Fatal("not like this")
				return causalitytest.Accept()
			})
		},
		"Reject": func(fake *fakeTB) causalitytest.Answer {
			return causalitytest.Reject(func(causality.Event) string { fake.Fatal("not like this"); return "" })
		},
		"Reject, given by an AnswerFunc": func(fake *fakeTB) causalitytest.Answer {
			return causalitytest.AnswerFunc(func(causalitytest.Request) causalitytest.Answer {
				return causalitytest.Reject(func(causality.Event) string { fake.Fatal("not like this"); return "" })
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			fake := &fakeTB{TB: t}
			fake.run(func() {
				client, rec := causalitytest.New(fake)
				rec.Always(answer(fake))
				client.Track(causality.Event{EventType: "e"})
				if n := len(rec.Events()); n != 1 { // accepted after all, so that the client can be closed
					t.Errorf("%d events are stored", n)
				}
			})
			if got := fake.failures.String(); got != "not like this" || time.Since(start) > 10*time.Second {
				t.Errorf("the test fails with %q after %v", got, time.Since(start))
			}
		})
	}
}

// A panic of the test's function is the client's to survive, as a Transport's is.
func TestPanicInsideAFunctionOfTheTest(t *testing.T) {
	client, rec := causalitytest.New(t)
	var calls atomic.Int64
	rec.Script(causalitytest.AnswerFunc(func(causalitytest.Request) causalitytest.Answer { panic(fmt.Sprint("call ", calls.Add(1))) }))
	client.Track(causality.Event{EventType: "e"})
	rec.Expect(t, "e")
	if calls.Load() != 1 {
		t.Error(calls.Load())
	}
}
