package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// Package core tests the verbs of fmt, JSON, slog and its own errors. Out of
// reach are the verbs that are not for text, such as %d: fmt asks only a
// Formatter about those, and Config, which has a field named Format, cannot be
// one.
func TestNoLoggerShowsTheKey(t *testing.T) {
	rec := fakegateway.New()
	client := newClient(t, rec, nil)
	cfg := causality.Config{APIKey: Key, Endpoint: "https://ada:" + Key + "@localhost", AppID: "faults"}
	var out bytes.Buffer
	for name, v := range map[string]any{"Config": cfg, "*Config": &cfg, "Client": client} {
		for _, encoder := range []zapcore.Encoder{
			zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
		} {
			log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel))
			log.Info("it", zap.Any("value", v), zap.Reflect("again", v), zap.Inline(zapObject{v}))
			log.Sugar().Infof("%v %+v %#v %s", v, v, v, v)
			log.Sugar().Infow("it", "value", v)
		}
		for _, log := range []zerolog.Logger{zerolog.New(&out), zerolog.New(zerolog.ConsoleWriter{Out: &out})} {
			log.Info().Any("value", v).Interface("again", v).Fields(map[string]any{"third": v}).Msgf("%v %+v %#v", v, v, v)
			if s, ok := v.(fmt.Stringer); ok {
				log.Info().Stringer("value", s).Send()
			}
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("it", "value", v, slog.Group("g", "value", v))
		if i := strings.Index(out.String(), Key[:16]); i >= 0 {
			t.Errorf("a logged %s shows the key: %s", name, out.String()[max(0, i-100):i+80])
		}
		out.Reset()
	}
}

// zapObject encodes what it holds by reflection, as zap does with a struct.
type zapObject struct{ v any }

func (o zapObject) MarshalLogObject(e zapcore.ObjectEncoder) error {
	return e.AddReflected("inline", o.v)
}

func TestARedirectTakesNeitherKeyNorEventsToAnotherHost(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, accepted(10))
	}))
	defer other.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			srv := httptest.NewServer(http.RedirectHandler(other.URL+"/v1/events/batch", code))
			defer srv.Close()
			client := newClient(t, nil, func(cfg *causality.Config) {
				cfg.Endpoint = srv.URL
				cfg.CloseTimeout = 10 * time.Millisecond
			})
			trackSome(client, 10)
			if err := client.Flush(); err == nil || !strings.Contains(err.Error(), "redirects are not followed") {
				t.Errorf("Flush: %v", err)
			}
			// One of each batch, and those of one event that tell that it is not its own fault.
			if s := client.Stats(); s.Queued != 10 || s.Requests > 3 {
				t.Errorf("%+v", s)
			}
		})
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another host got %d requests", n)
	}
}

func TestAnEndpointWithCredentialsIsRefusedWithoutRepeatingThem(t *testing.T) {
	for _, endpoint := range []string{"https://ada:s3cret@localhost", "https://s3cret@localhost/base/", "http://:s3cret@[::1]:8080"} {
		_, err := causality.New(causality.Config{APIKey: Key, Endpoint: endpoint, AppID: "faults"})
		if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "Endpoint carries a user name or password") {
			t.Errorf("New with %s: %v", endpoint, err)
		}
	}
}

// What a header is made of comes from the Config alone, and what an attacker may
// choose there or in an event ends no header.
func TestNothingThatIsSentInjectsAHeader(t *testing.T) {
	for _, evil := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00b", "a b"} {
		if _, err := causality.New(causality.Config{APIKey: evil, Endpoint: "https://localhost", AppID: "faults"}); err == nil || strings.Contains(err.Error(), "Evil") {
			t.Errorf("New with key %q: %v", evil, err)
		}
		if _, err := causality.New(causality.Config{APIKey: Key, Endpoint: "https://localhost", AppID: evil}); err == nil {
			t.Errorf("New with app %q: nil", evil)
		}
		if _, err := causality.New(causality.Config{APIKey: Key, Endpoint: "https://localhost/" + evil, AppID: "faults"}); err == nil && strings.ContainsAny(evil, "\r\n\x00") {
			t.Errorf("New with endpoint %q: nil", evil)
		}
		rec := fakegateway.New()
		srv := httptest.NewServer(rec)
		client := newClient(t, nil, func(cfg *causality.Config) { cfg.Endpoint = srv.URL; cfg.DeviceID = evil })
		client.Track(causality.Event{EventType: evil, UserID: evil, SessionID: evil, CorrelationID: evil, IdempotencyKey: evil, Properties: map[string]any{evil: evil}})
		client.Track(causality.Event{EventType: "e", AppID: evil})
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if s := client.Stats(); s.Delivered != 1 || s.Dropped.Invalid != 1 {
			t.Errorf("%q: %+v", evil, s)
		}
		for _, req := range rec.Requests() {
			for name := range req.Header {
				switch name {
				case "Accept-Encoding", "Content-Length", "Content-Type", "User-Agent", "X-Api-Key":
				default:
					t.Errorf("%q: header %s", evil, name)
				}
			}
		}
		srv.Close()
	}
}

// Replies that are made to hurt cost no more than a bounded reply may, and
// nothing is taken for delivered.
func TestAMaliciousReplyCostsLittle(t *testing.T) {
	many := func(text string, n int) string { return strings.Repeat(text, n) }
	tests := []struct {
		name   string
		status int
		reply  func(w http.ResponseWriter)
	}{
		{"a gzip bomb of 100 MB that was not asked for", 200, bombs(100)},
		{"10 GB of spaces", 200, pours(many(" ", 64<<10))},
		{"10 GB of results", 200, pours(many(`{"status":"accepted"},`, 3000))},
		{"10 GB with a 400", 400, pours(many("no ", 20<<10))},
		{"arrays nested a million deep", 200, writes(many("[", 1_000_000))},
		{"objects nested 100 000 deep", 200, writes(`{"acceptedCount":10,"results":` + many(`{"a":`, 100_000))},
		{"objects nested 100 000 deep, with a 400", 400, writes(many(`{"a":`, 100_000) + "1" + many("}", 100_000))},
		{"a number of a million digits", 200, writes(`{"acceptedCount":` + many("9", 1_000_000) + `}`)},
		{"a string of a million quotes", 200, writes(`{"acceptedCount":11,"x":"` + many(`\"`, 500_000) + `"}`)},
		{"the same key ten thousand times", 200, writes(`{` + many(`"acceptedCount":11,`, 10_000) + `"rejectedCount":0}`)},
		{"negative counts", 200, writes(`{"acceptedCount":-9223372036854775808,"rejectedCount":9223372036854775807}`)},
		{"a line that is far away", 400, writes(`{"violations":[{"description":"(line 9223372036854775807:1)"}]}`)},
		{"a line before the first", 400, writes(`{"violations":[{"description":"(line -5:1) (line 0:1) (line 1:1)"}]}`)},
		{"terminal escapes and line feeds", 418, writes("\x1b[2J\x1b]0;owned\a\r\nlevel=INFO msg=\"all is well\"\n\u202e")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				if tt.status != 200 {
					w.WriteHeader(tt.status)
				}
				tt.reply(w)
			}))
			defer srv.Close()
			var out bytes.Buffer
			client := newClient(t, nil, func(cfg *causality.Config) {
				cfg.Endpoint = srv.URL
				cfg.MaxRetries = -1
				cfg.Timeout = 5 * time.Second
				cfg.CloseTimeout = 200 * time.Millisecond
				cfg.Logger = slog.New(slog.NewJSONHandler(&out, nil))
			})
			trackSome(client, 10)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := client.Flush()
			runtime.ReadMemStats(&after)
			if err == nil || len(err.Error()) > 2000 {
				t.Errorf("Flush: %.2000v", err)
			}
			// What was allocated in all, garbage included, by both sides.
			if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 40<<20 {
				t.Errorf("it cost %d MiB", grown>>20)
			}
			client.Close()
			if s := client.Stats(); s.Delivered != 0 || s.Tracked != 10 || s.Dropped.Total() != 10 {
				t.Errorf("%+v", s)
			}
			for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
				if !json.Valid(line) || len(line) > 3000 || bytes.ContainsRune(line, 0x1b) {
					t.Errorf("logged %.3000q", line)
				}
			}
		})
	}
}

func writes(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = io.WriteString(w, text) }
}

// pours writes 10 GB, or until the client hangs up.
func pours(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for n := 0; n < 10<<30; n += len(text) {
			if _, err := io.WriteString(w, text); err != nil {
				return
			}
		}
	}
}

// bombs writes so many mebibytes of nothing, compressed.
func bombs(mebibytes int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // a level that there is
		zeros := make([]byte, 1<<20)
		for range mebibytes {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
		z.Close()
	}
}
