package causalitytest

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Expect returns the first stored event of the type that has all of the given
// properties, and fails the test at once if there is none, with the difference to
// the nearest event. It flushes first, as [Recorder.Events] does.
//
//	rec.Expect(t, "purchase_complete", "order_id", "o-42", "total_cents", 1999, "user_id", "u-1")
//
// The properties are given as to [slog.Logger.Info], as keys and values or as
// [slog.Attr], and compared as they arrive: an int as int64, a duration in
// milliseconds, a group or map flattened. The event may have others. A nil value
// is for a property that the event must not have. The keys user_id, session_id,
// device_id and correlation_id are those of the event's own fields.
func (r *Recorder) Expect(t testing.TB, eventType string, properties ...any) causality.Event {
	t.Helper()
	r.flush()
	stored := r.gateway.Stored()
	events := r.decode(stored)
	want := arrive(properties)
	var nearest *differences
	for i := range events {
		d := compare(stored[i].Event(), eventType, want)
		if len(d.lines) == 0 {
			return events[i]
		}
		if nearest == nil || d.isNearer(nearest) {
			d.number = i + 1
			nearest = d
		}
	}
	text := "causalitytest: no such event: " + describe(eventType, want)
	if nearest != nil {
		text += fmt.Sprintf("\nthe nearest is event %d of %d, %s:\n\t%s", nearest.number, len(events), nearest.eventType, strings.Join(nearest.lines, "\n\t"))
	} else {
		text += "\nno event is stored"
	}
	t.Fatalf("%s%s", text, r.made.report())
	return causality.Event{}
}

// absent is the value of a property that is not there.
type absent struct{}

func (absent) String() string { return "none" }

// arrive returns properties, given as to slog, as they arrive.
func arrive(properties []any) map[string]any {
	var record slog.Record
	record.Add(properties...)
	want := make(map[string]any)
	var attrs []slog.Attr
	record.Attrs(func(a slog.Attr) bool {
		if a.Value.Kind() == slog.KindAny && a.Value.Any() == nil {
			want[a.Key] = absent{}
		}
		attrs = append(attrs, a)
		return true
	})
	maps.Copy(want, flatten(causality.Event{Attrs: attrs}))
	return want
}

// flatten returns the properties of an event as a custom_event has them, by sending
// it to a Recorder of its own.
func flatten(e causality.Event) map[string]any {
	rec := NewRecorder()
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0", 64), Endpoint: "https://gateway.test", AppID: "a", DeviceID: "d",
		FlushInterval: time.Hour, Transport: rec, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return map[string]any{"!ERROR": err.Error()} // the environment disables all clients, and cannot be read
	}
	client.Track(causality.Event{EventType: "e", Properties: e.Properties, Attrs: e.Attrs})
	if err := client.Close(); err != nil || rec.Len() != 1 {
		return map[string]any{"!ERROR": fmt.Sprint("the properties make no event: ", err)}
	}
	sent := rec.Events()[0]
	sent.DeviceID = "" // which is the client's
	return fields(sent)
}

// fields returns the properties of an event with its identity among them.
func fields(e causality.Event) map[string]any {
	all := maps.Clone(e.Properties)
	if all == nil {
		all = make(map[string]any)
	}
	for name, value := range map[string]string{"user_id": e.UserID, "session_id": e.SessionID, "device_id": e.DeviceID, "correlation_id": e.CorrelationID} {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// differences are what a stored event has otherwise than expected.
type differences struct {
	number    int
	eventType string
	isType    bool
	lines     []string
}

func compare(got causality.Event, eventType string, want map[string]any) *differences {
	d := &differences{eventType: got.EventType, isType: got.EventType == eventType}
	if !d.isType {
		d.lines = append(d.lines, fmt.Sprintf("event type: got %q, want %q", got.EventType, eventType))
	}
	has := fields(got)
	for _, value := range got.Properties {
		switch value.(type) {
		case string, int64, float64, bool:
		default: // of a typed payload
			maps.Copy(has, flatten(got))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := has[key]
		if !ok {
			value = absent{}
		}
		if value != want[key] {
			d.lines = append(d.lines, fmt.Sprintf("%s: got %s, want %s", key, show(value), show(want[key])))
		}
	}
	return d
}

// isNearer reports whether d is of an event that is more like the expected one. One
// of its type always is.
func (d *differences) isNearer(other *differences) bool {
	if d.isType != other.isType {
		return d.isType
	}
	return len(d.lines) < len(other.lines)
}

// show shows a value with its type where two may look the same.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case int64, float64:
		return fmt.Sprintf("%v (%T)", v, v)
	}
	return fmt.Sprint(v)
}

func describe(eventType string, want map[string]any) string {
	text := eventType
	for _, key := range slices.Sorted(maps.Keys(want)) {
		text += fmt.Sprintf(" %s=%s", key, show(want[key]))
	}
	return text
}
