package zapcausality_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Two lines as services log them, with five fields of plain types each.
var (
	plainLine = []zap.Field{zap.String("method", "GET"), zap.String("path", "/orders"), zap.Int("status", 200), zap.Duration("took", time.Millisecond), zap.Error(nil)}
	eventLine = []zap.Field{zap.String("event", "purchase_complete"), zap.String("user_id", "u-1"), zap.String("order_id", "o-42"), zap.Int("total_cents", 1999), zap.Bool("gift", true)}
	entry     = zapcore.Entry{Level: zap.InfoLevel, Time: noon, Message: "order placed"}
)

func TestWhatAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	client, _ := newClient(t)
	core := zapcausality.NewCore(client)
	tee := zap.New(discard(zap.WarnLevel), zapcausality.Tee(client))
	bound := core.With([]zap.Field{zap.String("event", "e"), zap.Dict("d", zap.Int("a", 1)), zap.Namespace("n")})
	objectLine := []zap.Field{zapcausality.Event("purchase_complete", eventLine[1:]...)}
	dictLine := []zap.Field{zap.Dict("event", append([]zap.Field{zap.String("event_type", "e")}, eventLine[1:]...)...)}
	ctx, fields := t.Context(), make([]zap.Field, 1)
	contextLine := append([]zap.Field{zapcausality.Context(ctx), zap.Any("ctx", ctx)}, eventLine...)
	for _, tt := range []struct {
		name string
		want float64
		f    func()
	}{
		{"a line without an event", 0, func() { _ = core.Write(entry, plainLine) }},
		{"a line without an event, between the levels of a tee", 0, func() { tee.Check(zap.InfoLevel, "").Write(plainLine...) }},
		{"a line below every level", 0, func() { tee.Debug("") }},
		{"an event", 0, func() { _ = core.Write(entry, eventLine) }},
		{"an event in the object form", 0, func() { _ = core.Write(entry, objectLine) }},
		{"an event in the object form, by hand", 0, func() { _ = core.Write(entry, dictLine) }},
		{"an event with a context", 0, func() { _ = core.Write(entry, contextLine) }},
		{"a line without an event, but with a context", 0, func() { _ = core.Write(entry, append(fields[:0], zapcausality.Context(ctx))) }},
		{"an event of a bound key", 0, func() { _ = bound.Write(entry, plainLine) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.f() // fill the pools
			if got := testing.AllocsPerRun(100, tt.f); got != tt.want {
				t.Errorf("%v allocations, want %v", got, tt.want)
			}
		})
	}
	t.Run("a Tee adds none to those of the line", func(t *testing.T) {
		for name, line := range map[string][]zap.Field{"without an event": plainLine, "an event": eventLine} {
			log := func(l *zap.Logger) func() {
				return func() { l.Check(zap.InfoLevel, "order placed").Write(line...) }
			}
			alone := testing.AllocsPerRun(100, log(zap.New(discard(zap.InfoLevel))))
			teed := testing.AllocsPerRun(100, log(zap.New(discard(zap.InfoLevel), zapcausality.Tee(client))))
			if teed > alone {
				t.Errorf("%s: %v allocations, want at most the %v without the tee", name, teed, alone)
			}
		}
	})
	t.Run("making the object form", func(t *testing.T) {
		// Its own memory and, as with zap.Dict, its fields'.
		fields := eventLine[1:]
		if got := testing.AllocsPerRun(100, func() { sink = zapcausality.Event("purchase_complete", fields...) }); got > 1 {
			t.Errorf("%v allocations, want 1", got)
		}
	})
}

var sink zap.Field

// The logger's own core writes JSON to nowhere: what the event adds is the
// difference.
func BenchmarkLine(b *testing.B) {
	client, _ := causalitytest.New(b, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.BatchSize, cfg.Transport = 1000, instant{}
	}))
	for _, bm := range []struct {
		name string
		log  *zap.Logger
		line []zap.Field
	}{
		{"NoEvent/JSON", zap.New(discard(zap.InfoLevel)), plainLine},
		{"NoEvent/JSON+Tee", zap.New(discard(zap.InfoLevel), zapcausality.Tee(client)), plainLine},
		{"NoEvent/BetweenLevels", zap.New(discard(zap.WarnLevel), zapcausality.Tee(client)), plainLine},
		{"NoEvent/BetweenLevelsWithCaller", zap.New(discard(zap.WarnLevel), zapcausality.Tee(client), zap.AddCaller()), plainLine},
		{"NoEvent/Core", zap.New(zapcausality.NewCore(client)), plainLine},
		{"Event/JSON", zap.New(discard(zap.InfoLevel)), eventLine},
		{"Event/JSON+Tee", zap.New(discard(zap.InfoLevel), zapcausality.Tee(client)), eventLine},
		{"Event/Core", zap.New(zapcausality.NewCore(client)), eventLine},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if ce := bm.log.Check(zap.InfoLevel, "order placed"); ce != nil {
					ce.Write(bm.line...)
				}
			}
		})
	}
}

// instant is a gateway that costs nothing.
type instant struct{}

func (instant) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	// One event a line, between a first and a last.
	reply := fmt.Sprintf(`{"acceptedCount":%d}`, bytes.Count(body, []byte("\n"))-1)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(reply)), Request: req}, nil
}
