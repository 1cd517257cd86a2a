package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// texts are what an attacker may put into a name or a value that is logged: what
// means something to JSON, to the envelope, to the gateway or to a terminal.
var texts = []string{
	"", " ", `"`, `\`, `\"`, "'", "\n", "\r\n", "\t", "\x00", "\x1b[2J", "\u2028", "\u202e", "\ufeff", "é", "💥",
	"\xff", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80", `\ud800`, `\u0000`,
	".", "a.b", "..", "/", "$", "__proto__", "<script>", "-->",
	"}", "]}", "},{", ",\n{", `"},{"id":"x"`, `":1,"`, `"event_name":"x"`, "\n]}\n",
	"event", "event_type", "event_name", "custom_event", "string_params", "idempotency_key", `"idempotency_key":"`, "id", "app_id",
	"_server_hostname", "_server_go_version", "properties", "timestamp_ms", "user_id", "user_id_2", "session_id", "device_id", "correlation_id",
	"!BADKEY", "null", "true", "NaN", "1e999", "(line 2:1)",
	strings.Repeat("k", 70_000), strings.Repeat("é\x00\"", 1000),
}

// evil are values beyond texts.
func evil() []any {
	var cyclic struct{ Self any }
	cyclic.Self = &cyclic
	deep := any("bottom")
	for range 1000 {
		deep = map[string]any{"d": deep}
	}
	wide := make(map[string]any, 1000)
	for i := range 1000 {
		wide[fmt.Sprint("w.", i)] = i
	}
	return []any{
		nil, math.NaN(), math.Inf(-1), uint64(math.MaxUint64), int64(math.MinInt64), math.MaxFloat64, float32(0.1), math.Copysign(0, -1),
		json.RawMessage(`{"a":1}}],"x":[`), json.RawMessage("{\"a\":\n1}"), json.Number("1e999"), json.RawMessage("\xff"),
		make(chan int), func() {}, &cyclic, deep, wide, []any{deep}, []byte("\x00\xff"), complex(1, 2),
		errors.New("\n]}\xff"), time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC), time.Duration(math.MinInt64),
		bomb{}, &bomb{}, (*bomb)(nil), slog.GroupValue(slog.String("", ""), slog.Any("\n", bomb{})),
		strings.Repeat("x", 900_000),
	}
}

// bomb panics wherever it is looked at.
type bomb struct{}

func (bomb) Error() string                { panic("boom") }
func (bomb) String() string               { panic("boom") }
func (bomb) MarshalJSON() ([]byte, error) { panic("boom") }
func (bomb) MarshalText() ([]byte, error) { panic("boom") }
func (bomb) LogValue() slog.Value         { panic("boom") }

// Each hostile line is sent between two good ones, in the same request: that is
// taken at once and whole, and the good ones are as they were.
func TestAHostileLogLineBreaksNeitherItsBatchNorAnotherEvent(t *testing.T) {
	t.Parallel()
	var lines [][]any
	for _, text := range texts {
		lines = append(lines, []any{text, "value"}, []any{"key", text}, []any{text, text, text, 1},
			[]any{slog.Group(text, text, text)}, []any{slogcausality.Event("x"+text, slog.String(text, text))},
			[]any{"event", text}, []any{"map", map[string]any{text: map[string]string{text: text}}})
	}
	for _, v := range evil() {
		lines = append(lines, []any{"key", v}, []any{slog.Group("g", "key", v)}, []any{"list", []any{v}}, []any{"event", v})
	}
	client, rec := causalitytest.New(t, causalitytest.AllowDrops(causality.DropInvalid), causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.FlushInterval = time.Hour
		cfg.Logger = newQuiet()
	}))
	log := slog.New(slogcausality.NewHandler(client))
	for _, line := range lines {
		log.Info("good", "event", "before", "n", 1)
		log.Info("evil", append([]any{"event", "evil"}, line...)...)
		log.With(line...).WithGroup("g").Info("evil", append([]any{"event", "evil"}, line...)...)
		log.Info("good", "event", "after", "n", 2)
		if err := client.Flush(); err != nil {
			t.Fatalf("%.200q: %v", line, err)
		}
		if s := client.Stats(); s.Dropped.Rejected != 0 || s.Dropped.Closed != 0 {
			t.Fatalf("%.200q: %+v", line, s)
		}
		requests := rec.Requests()
		for _, req := range requests {
			if req.Status != 200 || strings.Contains(string(req.Reply), "rejected") {
				t.Fatalf("%.200q: %d %.300s", line, req.Status, req.Reply)
			}
		}
		good := 0
		for _, e := range rec.Events() {
			switch {
			case e.EventType == "before" && len(e.Properties) == 1 && e.Properties["n"] == int64(1),
				e.EventType == "after" && len(e.Properties) == 1 && e.Properties["n"] == int64(2):
				good++
			case e.EventType == "before" || e.EventType == "after":
				t.Fatalf("%.200q: %.300v", line, e)
			}
			if e.AppID != "" { // the client's is left out
				t.Fatalf("%.200q: %.300v", line, e)
			}
		}
		if good != 2 {
			t.Fatalf("%.200q: %d good events", line, good)
		}
		rec.Reset()
	}
	if s := client.Stats(); s.Dropped.Total() != s.Dropped.Invalid {
		t.Errorf("%+v", s)
	}
}
