package fakegateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// post sends a body to rec and returns the status and the answer.
func post(t testing.TB, rec *fakegateway.Gateway, body string) (int, string) {
	t.Helper()
	res, err := send(context.Background(), rec, body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func send(ctx context.Context, rt http.RoundTripper, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://gateway.test/v1/events/batch", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-API-Key", replayKey)
	return rt.RoundTrip(req)
}

// batch is a body with one event a line, each with the members that all need.
func batch(members ...string) string {
	for i, m := range members {
		members[i] = `{"app_id":"shop","device_id":"web-1","timestamp_ms":1795421601849,` + m + `}`
	}
	return "{\"events\":[\n" + strings.Join(members, ",\n") + "\n]}"
}

// named is a custom_event with this idempotency key, which is also its name.
func named(key string) string {
	return fmt.Sprintf(`"idempotency_key":%q,"custom_event":{"event_name":%q}`, key, key)
}

func names(events []causality.Event) string {
	var all []string
	for _, e := range events {
		all = append(all, e.EventType)
	}
	return strings.Join(all, " ")
}

func TestAnEventIsDecodedToWhatWasTracked(t *testing.T) {
	base := causality.Event{AppID: "shop", DeviceID: "web-1", TimestampMs: 1795421601849, IdempotencyKey: "k"}
	event := func(change func(e *causality.Event)) causality.Event {
		e := base
		change(&e)
		return e
	}
	for _, test := range []struct {
		name, members string
		want          causality.Event
	}{
		{
			"a custom event with all four kinds of properties",
			`"custom_event":{"event_name":"order placed","string_params":{"a":"1","":"empty"},"int_params":{"b":"2","c":3e0},"float_params":{"d":4,"e":"5.5"},"bool_params":{"f":true,"g":false}}`,
			event(func(e *causality.Event) {
				e.EventType = "order placed"
				e.Properties = map[string]any{"a": "1", "": "empty", "b": int64(2), "c": int64(3), "d": 4.0, "e": 5.5, "f": true, "g": false}
			}),
		},
		{
			"user and session are lifted, the server's properties left out",
			`"correlation_id":"req-7","customEvent":{"eventName":"e","stringParams":{"user_id":"u","session_id":"s","_server_hostname":"h","x":"y"}}`,
			event(func(e *causality.Event) {
				e.EventType, e.UserID, e.SessionID, e.CorrelationID = "e", "u", "s", "req-7"
				e.Properties = map[string]any{"x": "y"}
			}),
		},
		{
			"a user_id that is no string stays a property",
			`"custom_event":{"event_name":"e","int_params":{"user_id":7}}`,
			event(func(e *causality.Event) { e.EventType, e.Properties = "e", map[string]any{"user_id": int64(7)} }),
		},
		{
			"escapes are resolved",
			`"custom_event":{"event_name":"Achat r\u00e9ussi \ud83d\ude00","string_params":{"\u0061\n":"\"\\\/\b\f\r\t\u0000"}}`,
			event(func(e *causality.Event) {
				e.EventType, e.Properties = "Achat réussi 😀", map[string]any{"a\n": "\"\\/\b\f\r\t\x00"}
			}),
		},
		{
			"an event without properties has no map",
			`"custom_event":{"event_name":"e","string_params":{}}`,
			event(func(e *causality.Event) { e.EventType = "e" }),
		},
		{
			"a typed payload's fields are its properties by their snake_case names",
			`"purchaseComplete":{"orderId":"o","totalCents":"5","items":[{"productId":"p","quantity":2},{}]}`,
			event(func(e *causality.Event) {
				e.EventType = "purchase_complete"
				e.Properties = map[string]any{"order_id": "o", "total_cents": int64(5), "items": []any{
					map[string]any{"product_id": "p", "quantity": int64(2)}, map[string]any{},
				}}
			}),
		},
		{
			"a typed payload's user_id is lifted",
			`"user_login":{"user_id":"u","method":null,"is_new_user":false}`,
			event(func(e *causality.Event) {
				e.EventType, e.UserID, e.Properties = "user_login", "u", map[string]any{"is_new_user": false}
			}),
		},
		{
			"an enum is its name, or its number if it has none",
			`"network_change":{"previous_type":1,"current_type":99}`,
			event(func(e *causality.Event) {
				e.EventType = "network_change"
				e.Properties = map[string]any{"previous_type": "NETWORK_TYPE_WIFI", "current_type": int64(99)}
			}),
		},
		{
			"nested objects are maps, and a 32-bit float keeps its digits",
			`"swipe_gesture":{"direction":"SWIPE_DIRECTION_LEFT","start":{"x":0.1},"end":{}}`,
			event(func(e *causality.Event) {
				e.EventType = "swipe_gesture"
				e.Properties = map[string]any{"direction": "SWIPE_DIRECTION_LEFT", "start": map[string]any{"x": 0.1}, "end": map[string]any{}}
			}),
		},
		{
			"lists and maps of strings",
			`"user_profile_update":{"fields_updated":["a","b"]}`,
			event(func(e *causality.Event) {
				e.EventType, e.Properties = "user_profile_update", map[string]any{"fields_updated": []any{"a", "b"}}
			}),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			if status, text := post(t, rec, batch(`"idempotency_key":"k",`+test.members)); status != 200 {
				t.Fatal(status, text)
			}
			if got := rec.Events(); len(got) != 1 || !reflect.DeepEqual(got[0], test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if got := rec.Requests()[0].Events(); len(got) != 1 || !reflect.DeepEqual(got[0], test.want) {
				t.Errorf("of the request: got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestFloatsThatAreNotFiniteAreAcceptedAsStrings(t *testing.T) {
	rec := fakegateway.New()
	post(t, rec, batch(`"custom_event":{"event_name":"e","float_params":{"a":"NaN","b":"Infinity","c":"-Infinity"}}`))
	p := rec.Events()[0].Properties
	if a := p["a"].(float64); !math.IsNaN(a) || p["b"] != math.Inf(1) || p["c"] != math.Inf(-1) {
		t.Error(p)
	}
}

func TestEnvelopesHoldWhatEventsLeaveOut(t *testing.T) {
	rec := fakegateway.New()
	const raw = `{"app_id":"a", "device_id":"d","timestamp_ms":1,"custom_event":{"event_name":"e","string_params":{"_server_hostname":"h","_server_go_version":"go1","_server_sdk_version":"0.1.0"}}}`
	post(t, rec, `{"events":[ `+raw+` ]}`)
	e := rec.Envelopes()[0]
	if string(e.Raw) != raw {
		t.Errorf("Raw is %s", e.Raw)
	}
	if want := (causality.ServerContext{Hostname: "h", GoVersion: "go1", SDKVersion: "0.1.0"}); e.Server != want || e.Payload != "custom_event" {
		t.Errorf("%+v", e)
	}
	if !isUUID7(e.ID) {
		t.Errorf("the fresh id %q is no UUID of version 7", e.ID)
	}
	if len(e.IdempotencyKey) != 36 || rec.Events()[0].IdempotencyKey != e.IdempotencyKey {
		t.Errorf("the fresh key is %q", e.IdempotencyKey)
	}
	e.Raw[0] = 'x'
	if string(rec.Envelopes()[0].Raw) != raw {
		t.Error("a change to the result reached the Gateway")
	}
}

func TestAKeyThatComesAgainIsAcceptedAndNotStored(t *testing.T) {
	rec := fakegateway.New()
	post(t, rec, batch(named("a"), named("b"), named("a")))
	_, text := post(t, rec, batch(named("b"), named("c")))
	var answer struct{ AcceptedCount int }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.AcceptedCount != 2 {
		t.Error(err, text)
	}
	if got := names(rec.Events()); got != "a b c" || rec.Duplicates() != 2 {
		t.Errorf("stored %s, %d duplicates", got, rec.Duplicates())
	}
	rec.ForgetKeys()
	post(t, rec, batch(named("a")))
	if got := names(rec.Events()); got != "a b c a" {
		t.Errorf("stored %s after a restart", got)
	}
}

func TestEventsAreFilteredTakenAndForgotten(t *testing.T) {
	rec := fakegateway.New()
	post(t, rec, batch(named("a"), named("b"), `"idempotency_key":"x","screen_view":{"screen_name":"s"}`))
	if got := names(rec.Events()); got != "a b screen_view" || len(rec.Take()) != 3 || rec.Len() != 0 {
		t.Errorf("took %s, %d left", got, rec.Len())
	}
	if post(t, rec, batch(named("a"))); rec.Len() != 0 || rec.Duplicates() != 1 {
		t.Error("Take forgot the keys")
	}
	rec.Script(fakegateway.Status(500))
	rec.Reset()
	if len(rec.Requests()) != 0 || rec.Duplicates() != 0 {
		t.Error("Reset kept something")
	}
	if status, _ := post(t, rec, batch(named("a"))); status != 200 || rec.Len() != 1 {
		t.Error("Reset kept the script or the keys")
	}
}

func TestRequestsAreRecordedWithTheirAnswers(t *testing.T) {
	rec := fakegateway.New()
	body := batch(named("a"))
	_, text := post(t, rec, body)
	post(t, rec, "{")
	all := rec.Requests()
	if len(all) != 2 {
		t.Fatal(all)
	}
	first := all[0]
	if first.Method != "POST" || first.Path != "/v1/events/batch" || string(first.Body) != body || first.Status != 200 ||
		string(first.Reply) != text || first.Stored != 1 || first.Header.Get("X-API-Key") != replayKey || first.Time.IsZero() {
		t.Errorf("%+v", first)
	}
	if all[1].Status != 400 || all[1].Stored != 0 || all[1].Events() != nil {
		t.Errorf("%+v", all[1])
	}
}

func TestWaitReturnsWhenEventsAreStored(t *testing.T) {
	rec := fakegateway.New()
	waited := make(chan error)
	wait := func(ctx context.Context, n int, count func(*fakegateway.Gateway) int) error {
		_, err := rec.Wait(ctx, n, count, nil)
		return err
	}
	go func() { waited <- wait(context.Background(), 3, fakegateway.Events) }()
	go func() { waited <- wait(context.Background(), 2, fakegateway.Requests) }()
	post(t, rec, batch(named("a"), named("b")))
	select {
	case err := <-waited:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	post(t, rec, batch(named("c")))
	for range 2 {
		if err := <-waited; err != nil {
			t.Error(err)
		}
	}
	if err := wait(context.Background(), 1, fakegateway.Events); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if have, err := rec.Wait(ctx, 4, fakegateway.Events, nil); have != 3 || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(have, err)
	}
}

func TestGatewayConcurrentSafe(t *testing.T) {
	rec := fakegateway.New()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 25 {
				body := batch(named(fmt.Sprint(g, "-", i)), named(fmt.Sprint("shared", i)))
				if _, err := send(context.Background(), rec, body); err != nil {
					t.Error(err)
				}
				rec.Events()
				rec.Envelopes()
				rec.Requests()
				rec.Script(fakegateway.Accept())
			}
		}()
	}
	if _, err := rec.Wait(context.Background(), 8*25+25, fakegateway.Events, nil); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if rec.Len() != 8*25+25 || rec.Duplicates() != 7*25 || len(rec.Requests()) != 8*25 {
		t.Error(rec.Len(), rec.Duplicates(), len(rec.Requests()))
	}
}
