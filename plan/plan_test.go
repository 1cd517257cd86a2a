package plan_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/plan"
)

const written = `{
  "version": 1,
  "personal": [
    "shoe_size"
  ],
  "events": {
    "order_placed": {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "description": "A customer < has placed an order.",
      "owner": "checkout",
      "deprecated": false,
      "identity": [
        "user_id"
      ],
      "type": "object",
      "properties": {
        "coupon": {
          "type": [
            "string",
            "number"
          ],
          "maxLength": 20
        },
        "gift": {
          "type": "boolean",
          "description": "Whether it is wrapped."
        },
        "order_id": {
          "type": "string"
        },
        "price": {
          "type": "number"
        },
        "total_cents": {
          "type": "integer"
        },
        "whatever": {}
      },
      "required": [
        "order_id",
        "total_cents"
      ],
      "additionalProperties": false,
      "x-dashboard": "https://example.com/42"
    },
    "retired": {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "description": "",
      "owner": "",
      "deprecated": true,
      "type": "object",
      "properties": {},
      "required": [],
      "additionalProperties": true
    }
  }
}
`

func parse(t *testing.T) *plan.Plan {
	t.Helper()
	p, err := plan.Parse([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What people have written, and keywords that nobody here knows, stay as they are.
func TestAPlanIsWrittenAsItWasRead(t *testing.T) {
	got, err := parse(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != written {
		t.Errorf("wrote\n%s", got)
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), plan.FileName)
	if _, err := plan.Load(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, bad := range []string{
		"", "[]", `{}`, `{"version": 2}`, `{"version": 1, "events": {"a": null}}`,
		`{"version": 1, "events": {"a": {"properties": {"p": null}}}}`,
		`{"version": 1, "events": {"a": {"properties": {"p": {"type": "array"}}}}}`,
		`{"version": 1, "events": {"a": {"properties": {"p": {"type": 5}}}}}`,
		`{"version": 1, "events": {"a": {"required": 5}}}`,
	} {
		if err := os.WriteFile(file, []byte(bad), 0o666); err != nil {
			t.Fatal(err)
		}
		if p, err := plan.Load(file); err == nil {
			t.Errorf("%s is read as %+v", bad, p)
		} else if !strings.Contains(err.Error(), file) {
			t.Errorf("%s: the error does not name the file: %v", bad, err)
		}
	}
	if err := os.WriteFile(file, []byte(written), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := plan.Load(file)
	if err != nil || len(p.Events) != 2 || !p.Events["retired"].Deprecated || p.Events["order_placed"].Owner != "checkout" {
		t.Errorf("%+v %v", p, err)
	}
}

func order(more ...slog.Attr) causality.Event {
	return causality.Event{
		EventType:  "order_placed",
		Properties: map[string]any{"order_id": "o-42"},
		Attrs:      append([]slog.Attr{slog.Int("total_cents", 1999)}, more...),
	}
}

func TestCheck(t *testing.T) {
	p := parse(t)
	for _, tc := range []struct {
		name  string
		event causality.Event
		want  string // "" for none
	}{
		{"as planned", order(slog.Bool("gift", true), slog.Float64("price", 1.5)), ""},
		{"one of two types", order(slog.Float64("coupon", 0.5)), ""},
		{"an int for a float", order(slog.Int("price", 2)), ""},
		{"a duration is a float", order(slog.Duration("price", time.Second)), ""},
		{"any type", order(slog.Time("whatever", time.Now())), ""},
		{"nil is left out", order(slog.Any("gift", nil), slog.Any("unknown", nil)), ""},
		{"an empty group is left out", order(slog.Group("unknown")), ""},
		{"no such event", causality.Event{EventType: "order_plaecd"}, "the event order_plaecd is not as the tracking plan says: the plan has no such event; it has order_placed"},
		{"nothing like it", causality.Event{EventType: "webhook"}, "the plan has no such event"},
		{"deprecated", causality.Event{EventType: "retired"}, "the event is deprecated"},
		{"a float for an int", order(slog.Float64("total_cents", 19.99)), "the property total_cents is of the type float, in the plan int"},
		{"a string for an int", order(slog.String("total_cents", "1999")), "the property total_cents is of the type string, in the plan int"},
		{"an int for one of two", order(slog.Bool("coupon", true)), "the property coupon is of the type bool, in the plan string or float"},
		{"a property more", order(slog.String("color", "red")), "the property color (string) is not in the plan"},
		{"a group", order(slog.Group("http", slog.Int("status.code", 200))), "the property http_status_code (int) is not in the plan"},
		{"a struct", order(slog.Any("address", struct{ City string }{"x"})), "the property address_City (string) is not in the plan"},
		{"a list is a string", order(slog.Any("gift", []string{"x"})), "the property gift is of the type string, in the plan bool"},
		{"a large uint is a string", order(slog.Uint64("gift", 1<<63)), "the property gift is of the type string, in the plan bool"},
		{"one missing", causality.Event{EventType: "order_placed", Properties: map[string]any{"order_id": "x"}}, "the property total_cents is missing"},
		{"all at once", causality.Event{EventType: "order_placed", Properties: map[string]any{"a": 1}}, "the property a (int) is not in the plan; the property order_id is missing; the property total_cents is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := p.Check(tc.event)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var differs *plan.Error
			if !errors.As(err, &differs) || differs.Event != tc.event.EventType || !strings.HasSuffix(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	var none *plan.Plan
	if err := none.Check(order()); err != nil {
		t.Errorf("a nil plan: %v", err)
	}
}

func TestGuard(t *testing.T) {
	for _, tc := range []struct {
		mode    string
		arrives int
		counted int64
		lines   int
	}{
		{"warn", 4, 2, 1},
		{"drop", 2, 2, 1},
		{"off", 4, 0, 0},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			mode, err := plan.ParseMode(tc.mode)
			if err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			guard := parse(t).Guard(mode, slog.New(slog.NewTextHandler(&log, nil)))
			client, recorder := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
				cfg.BeforeTrack = guard.BeforeTrack
			}))
			for range 2 {
				client.Track(order())
				client.Track(order(slog.String("color", "red")))
			}
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
			if got := recorder.Len(); got != tc.arrives {
				t.Errorf("%d events arrived, want %d", got, tc.arrives)
			}
			if got := guard.Counts()[plan.UnknownProperty]; got != tc.counted {
				t.Errorf("counted %d, want %d", got, tc.counted)
			}
			if got := strings.Count(log.String(), "the property color (string) is not in the plan"); got != tc.lines {
				t.Errorf("reported %d times, want %d:\n%s", got, tc.lines, log.String())
			}
			if got, want := client.Stats().Dropped.Filtered, 4-tc.arrives; int(got) != want {
				t.Errorf("%d are counted as Filtered, want %d", got, want)
			}
		})
	}
	if _, err := plan.ParseMode("loud"); err == nil {
		t.Error("loud is a mode")
	}
}

func TestPersonal(t *testing.T) {
	p := &plan.Plan{}
	for name, want := range map[string]bool{
		"email": true, "customer_email": true, "customerEmail": true, "EMail": false, "email_sent": false, "http_client_ip": true,
		"zip": false, "ship": false, "access_token": true, "tokens": false, "token_count": false, "Authorization": true, "APIKey": true,
		"remote_addr": true, "shoe_size": false, "": false,
	} {
		if got := p.IsPersonal(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if p := parse(t); !p.IsPersonal("shoe_size") || p.IsPersonal("email") {
		t.Error("the plan's own list does not count")
	}
}

func TestOneEdit(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"purchase_complete", "purchase_complet", true},
		{"purchase_complete", "purchase_compelte", true},
		{"purchase_complete", "purchase_complate", true},
		{"purchase_complete", "purchase_completed", true},
		{"purchase_complete", "purchase_complete", false},
		{"purchase_complete", "purchase_compl", false},
		{"step_1_done", "step_2_done", false},
		{"step_done_1", "step_done_12", false},
		{"cart", "card", false},
		{"", "a", false},
	} {
		if got := plan.OneEdit(tc.a, tc.b); got != tc.want {
			t.Errorf("%s %s: %v", tc.a, tc.b, got)
		}
		if got := plan.OneEdit(tc.b, tc.a); got != tc.want {
			t.Errorf("%s %s: %v", tc.b, tc.a, got)
		}
	}
}
