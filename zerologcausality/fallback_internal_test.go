package zerologcausality

import (
	"bytes"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// What zerolog.Event might become.
func TestFindBuffer(t *testing.T) {
	for _, tc := range []struct {
		name  string
		event reflect.Type
		want  error
	}{
		{"as it is", reflect.TypeFor[zerolog.Event](), nil},
		{"the field has another name", reflect.TypeOf(struct{ buffer []byte }{}), errNoBuffer},
		{"the field has another type", reflect.TypeOf(struct{ buf *bytes.Buffer }{}), errNoBuffer},
		{"the field is a string", reflect.TypeOf(struct{ buf string }{}), errNoBuffer},
		{"the field lies deeper", reflect.TypeOf(struct{ bytes.Buffer }{}), errNoBuffer},
		{"there are no fields", reflect.TypeFor[struct{}](), errNoBuffer},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := findBuffer(tc.event); err != tc.want {
				t.Errorf("findBuffer: %v, want %v", err, tc.want)
			}
		})
	}
}

func TestCheckBuffer(t *testing.T) {
	for line, want := range map[string]error{
		probed:        nil,
		"\xbfaksav":   errCBOR,
		`{"k":"v"}`:   errNoBuffer,
		`{ "k" : "v"`: errNoBuffer,
		`"k":"v"`:     errNoBuffer,
		"":            errNoBuffer,
		"{":           errNoBuffer,
	} {
		if err := checkBuffer([]byte(line)); err != want {
			t.Errorf("checkBuffer(%q): %v, want %v", line, err, want)
		}
	}
}

// Where the field is missing, the hook says so at once, and what to do.
func TestAHookThatCannotReadLinesSaysSo(t *testing.T) {
	var log bytes.Buffer
	client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	}))
	l := zerolog.New(io.Discard).Hook(newHook(client, reflect.TypeFor[struct{}](), nil))
	l.Info().Str("event", "lost").Send()
	// What others have tracked is still delivered before the end.
	client.Track(causality.Event{EventType: "tracked"})
	func() {
		defer func() { _ = recover() }()
		l.Panic().Str("event", "lost").Send()
	}()
	if events := rec.Events(); len(events) != 1 || events[0].EventType != "tracked" {
		t.Errorf("got %+v", events)
	}

	if err := client.Close(); err != nil { // after which it logs nothing
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") ||
		!strings.Contains(got, "NewHook tracks no events") || !strings.Contains(got, "zerologcausality.NewWriter") {
		t.Errorf("the log says\n%s", got)
	}
}
