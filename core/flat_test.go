package causality_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// flatGateway takes the flat form, as strictly as today's gateway takes the
// envelope: JSON in UTF-8, one event a line, no key twice in an object, no half
// of a surrogate pair, no number that a float64 cannot hold.
type flatGateway struct {
	t testing.TB
	// answer, if it is set, answers the i-th request.
	answer func(i, events int) (status int, reply string, err error)

	mu     sync.Mutex
	bodies []string
}

func (g *flatGateway) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := len(g.bodies)
	g.bodies = append(g.bodies, string(body))
	lines := strings.Split(string(body), "\n")
	if first, last := lines[0], lines[len(lines)-1]; first != `{"events":[` || last != `]}` {
		g.t.Errorf("the body is %s … %s", first, last)
	}
	for _, line := range lines[1 : len(lines)-1] {
		if err := strictJSON([]byte(strings.TrimSuffix(line, ","))); err != nil {
			g.t.Errorf("a strict gateway refuses the request: %v: %.2000q", err, line)
		}
	}
	events := len(lines) - 2
	status, reply := http.StatusOK, takesAll(events)
	if g.answer != nil {
		if status, reply, err = g.answer(i, events); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(reply))}, nil
}

// takesAll is the reply that accepts so many events.
func takesAll(events int) string {
	return fmt.Sprintf(`{"acceptedCount":%d,"results":[%s]}`, events, strings.TrimSuffix(strings.Repeat(`{"eventId":"e","status":"accepted"},`, events), ","))
}

// take returns the lines of the events of all requests so far and forgets them.
func (g *flatGateway) take() (events []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, body := range g.bodies {
		lines := strings.Split(body, "\n")
		for _, line := range lines[1 : len(lines)-1] {
			events = append(events, strings.TrimSuffix(line, ","))
		}
	}
	g.bodies = nil
	return events
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

var halfPair = regexp.MustCompile(`(?i)\\u(d[89ab]..)(\\ud[c-f]..)?|\\u(d[c-f]..)`)

// strictJSON says what a strict decoder has against an event.
func strictJSON(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("bad UTF-8")
	}
	for _, pair := range halfPair.FindAllString(strings.ReplaceAll(string(text), `\\`, ""), -1) {
		if len(pair) == 6 {
			return fmt.Errorf("half of a surrogate pair: %s", pair)
		}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := strictValue(dec); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("more than an event: %v", err)
	}
	return nil
}

func strictValue(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Number:
		_, err := strconv.ParseFloat(string(token), 64)
		return err
	case json.Delim:
		seen := make(map[string]bool)
		for dec.More() {
			if token == '{' {
				key, err := dec.Token()
				if err != nil {
					return err
				}
				if seen[key.(string)] {
					return fmt.Errorf("the key %q occurs twice", key)
				}
				seen[key.(string)] = true
			}
			if err := strictValue(dec); err != nil {
				return err
			}
		}
		_, err := dec.Token()
		return err
	}
	return nil
}

// newFlat returns a client that sends the flat form to a gateway that takes it.
func newFlat(t testing.TB, changes ...func(*causality.Config)) (*causality.Client, *flatGateway) {
	t.Helper()
	g := &flatGateway{t: t}
	cfg := causality.Config{
		APIKey: "key", Endpoint: "https://gateway.test", AppID: "checkout", DeviceID: "web-3",
		Format: causality.FormatFlat, Transport: g, Logger: slog.New(slog.DiscardHandler),
	}
	for _, change := range changes {
		change(&cfg)
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, g
}

// flatLine is the one line that the gateway has got of an event, with what
// differs from run to run masked.
func flatLine(t testing.TB, client *causality.Client, g *flatGateway, event causality.Event) string {
	t.Helper()
	event.TimestampMs = 1795430525389
	client.Track(event)
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	lines := g.take()
	if len(lines) != 1 {
		t.Fatalf("%d events of one: %+v", len(lines), client.Stats())
	}
	for _, m := range masks {
		lines[0] = string(m.what.ReplaceAll([]byte(lines[0]), []byte(m.with)))
	}
	return strings.Replace(lines[0], flatServerText(), "SERVER", 1)
}

func flatServerText() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	return fmt.Sprintf(`{"hostname":%q,"go_version":%q,"sdk_version":%q}`, host, runtime.Version(), causality.SDKVersion)
}

func TestFlatTheFieldsStandInTheirOrderAndEmptyOnesAreLeftOut(t *testing.T) {
	const head = `{"app_id":"checkout","event_type":"e","idempotency_key":"<uuid>","timestamp_ms":1795430525389,"device_id":"web-3",`
	const tail = `"properties":{"_server":SERVER}}`
	client, g := newFlat(t)
	for _, tt := range []struct {
		what  string
		event causality.Event
		want  string
	}{
		{"minimal", causality.Event{EventType: "e"}, head + tail},
		{"full", causality.Event{AppID: "app-2", EventType: causality.EventPurchaseComplete, IdempotencyKey: "mine", DeviceID: "d-1", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7", Properties: props{"order_id": "o-42"}},
			`{"app_id":"app-2","event_type":"purchase_complete","idempotency_key":"<uuid>","timestamp_ms":1795430525389,"device_id":"d-1","user_id":"u-1","session_id":"s-9","correlation_id":"req-7","properties":{"_server":SERVER,"order_id":"o-42"}}`},
		{"the user alone", causality.Event{EventType: "e", UserID: "u-1"}, head + `"user_id":"u-1",` + tail},
		{"the session alone", causality.Event{EventType: "e", SessionID: "s-9"}, head + `"session_id":"s-9",` + tail},
		{"the correlation alone", causality.Event{EventType: "e", CorrelationID: "req-7"}, head + `"correlation_id":"req-7",` + tail},
		{"hostile texts", causality.Event{EventType: "e", UserID: "\"<&>\xff\\\n\x00\u2028", SessionID: `\ud800`},
			head + `"user_id":"\"<&>` + "\uFFFD" + `\\\n\u0000` + "\u2028" + `","session_id":"\\ud800",` + tail},
		{"the type is made valid", causality.Event{EventType: "e\n\t\x7f\xff" + strings.Repeat("é", 200)},
			strings.Replace(head, `"e"`, `"e___`+"\uFFFD"+strings.Repeat("é", 124)+`"`, 1) + tail},
		{"a property of a field's name", causality.Event{EventType: "e", UserID: "u-1", Properties: props{"user_id": "u-2", "app_id": "a", "session_id": nil}},
			head + `"user_id":"u-1","properties":{"_server":SERVER,"app_id":"a","user_id":"u-2"}}`},
		{"a catalogue event with its types as they are", causality.Event{EventType: causality.EventAppStart, Properties: props{"is_cold_start": "true", "launch_duration_ms": 1.5}},
			strings.Replace(head, `"e"`, `"app_start"`, 1) + `"properties":{"_server":SERVER,"is_cold_start":"true","launch_duration_ms":1.5}}`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := flatLine(t, client, g, tt.event); got != tt.want {
				t.Errorf("sent\n%s, want\n%s", got, tt.want)
			}
		})
	}
	if stats := client.Stats(); stats.Properties != (causality.PropertyStats{}) {
		t.Errorf("properties are counted: %+v", stats.Properties)
	}
}

func TestFlatAPropertyCalledServerIsRenamed(t *testing.T) {
	for _, tt := range []struct {
		what string
		give []slog.Attr
		want string
	}{
		{"a scalar", []slog.Attr{slog.Int("_server", 1)}, `{"_server":SERVER,"_server_2":1}`},
		{"a group", []slog.Attr{slog.Group("_server", "hostname", "mine")}, `{"_server":SERVER,"_server_2":{"hostname":"mine"}}`},
		{"the next name is taken", []slog.Attr{slog.Int("_server", 1), slog.Int("_server_2", 2), slog.Int("_server_3", 3)}, `{"_server":SERVER,"_server_2":2,"_server_3":3,"_server_4":1}`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			client, g := newFlat(t)
			if got := flatProperties(t, client, g, causality.Event{Attrs: tt.give}); got != tt.want {
				t.Errorf("sent %s, want %s", got, tt.want)
			}
			if got := client.Stats().Properties; got != (causality.PropertyStats{Renamed: 1}) {
				t.Errorf("counted %+v, want one renamed", got)
			}
		})
	}
	t.Run("the names of the envelope, or of a group's member, are free", func(t *testing.T) {
		client, g := newFlat(t)
		got := flatProperties(t, client, g, causality.Event{Properties: props{"_server_hostname": "mine", "a": props{"_server": 1}, "_server": nil}})
		if want := `{"_server":SERVER,"_server_hostname":"mine","a":{"_server":1}}`; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
		if got := client.Stats().Properties; got != (causality.PropertyStats{}) {
			t.Errorf("counted %+v", got)
		}
	})
}

// flatProperties is the properties of an event as they were sent.
func flatProperties(t testing.TB, client *causality.Client, g *flatGateway, event causality.Event) string {
	t.Helper()
	event.EventType = "e"
	_, properties, ok := strings.Cut(flatLine(t, client, g, event), `"properties":`)
	if !ok || !strings.HasSuffix(properties, "}}") {
		t.Fatalf("the properties are not the last field: %s", properties)
	}
	return strings.TrimSuffix(properties, "}")
}

func TestFlatHasNoTypedPayloads(t *testing.T) {
	_, err := causality.New(causality.Config{
		APIKey: "key", Endpoint: "https://gateway.test", AppID: "checkout", Format: causality.FormatFlat, TypedPayloads: true,
	})
	if err == nil || !strings.Contains(err.Error(), "TypedPayloads has no meaning with FormatFlat") {
		t.Errorf("New returned %v", err)
	}
	for format, want := range map[causality.Format]string{causality.FormatEnvelope: "envelope", causality.FormatFlat: "flat", 7: "Format(7)", -1: "Format(-1)"} {
		if got := format.String(); got != want {
			t.Errorf("%d is called %s, want %s", int(format), got, want)
		}
	}
}

func TestFlatEventsThatAreTooLargeAreInvalid(t *testing.T) {
	const most = 1_000_000
	client, g := newFlat(t)
	for _, tt := range []struct {
		what  string
		event func(n int) causality.Event
	}{
		{"one text", func(n int) causality.Event { return causality.Event{Properties: props{"a": strings.Repeat("x", n)}} }},
		{"control characters", func(n int) causality.Event {
			return causality.Event{Properties: props{"a": strings.Repeat("\x00", n)}}
		}},
		{"a key", func(n int) causality.Event { return causality.Event{Properties: props{strings.Repeat("k", n): 1}} }},
		{"the name of a group", func(n int) causality.Event {
			return causality.Event{Properties: props{strings.Repeat("k", n): props{"a": 1}}}
		}},
		{"bytes", func(n int) causality.Event { return causality.Event{Properties: props{"a": make([]byte, 3*n)}} }},
		{"a list", func(n int) causality.Event {
			return causality.Event{Properties: props{"a": slices.Repeat([]string{strings.Repeat("x", 997)}, n)}}
		}},
		{"the user", func(n int) causality.Event { return causality.Event{UserID: strings.Repeat("u", n)} }},
	} {
		t.Run(tt.what, func(t *testing.T) {
			send := func(n int) (lines []string, invalid int64) {
				before := client.Stats()
				event := tt.event(n)
				event.EventType, event.TimestampMs = "e", 1795430525389
				client.Track(event)
				if err := client.Flush(); err != nil {
					t.Fatal(err)
				}
				return g.take(), client.Stats().Dropped.Invalid - before.Dropped.Invalid
			}
			size := func(n int) int {
				lines, _ := send(n)
				if len(lines) != 1 {
					t.Fatalf("%d events of %d", len(lines), n)
				}
				return len(lines[0])
			}
			unit := size(2) - size(1)
			limit := (most-size(1))/unit + 1
			if got := size(limit); got > most || got <= most-unit {
				t.Errorf("the largest has %d bytes, want %d", got, most)
			}
			for _, n := range []int{limit + 1, limit + 2, 4 * limit} {
				if lines, invalid := send(n); len(lines) != 0 || invalid != 1 {
					t.Errorf("%d: %d events are sent, %d Invalid", n, len(lines), invalid)
				}
			}
		})
	}
}
