package benchmarks

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/peers"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

const (
	eventKey = "event"
	lineKey  = "action" // of a line that is none
)

// logger logs the line, with its first attribute under a key.
type logger func(key string)

func slogLogger(h slog.Handler, level slog.Level) logger {
	l := slog.New(h)
	return func(key string) { purchase.Slog(l, level, key) }
}

func zapLogger(core zapcore.Core) logger {
	l := zap.New(core)
	return func(key string) { purchase.Zap(l, key) }
}

func zerologLogger(l zerolog.Logger) logger {
	return func(key string) { purchase.Zerolog(&l, key) }
}

// attached is a logger with a library attached.
type attached struct {
	library string
	make    func(url string) (log logger, close func(), err error)
}

func jsonHandler(level slog.Level) slog.Handler {
	return slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: level})
}

func jsonCore(level zapcore.Level) zapcore.Core {
	return zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), level)
}

// setting is a logger with nothing attached, and with each library, beside what
// writes the line or alone where that goes.
type setting struct {
	name       string
	bare       logger
	alone, tee []attached
}

func settings() []setting {
	slogs := setting{name: "slog", bare: slogLogger(jsonHandler(slog.LevelInfo), slog.LevelInfo)}
	for _, a := range peers.SlogHandlers {
		slogs.alone = append(slogs.alone, attached{a.Name, func(url string) (logger, func(), error) {
			h, close, err := a.New(url)
			return slogLogger(h, slog.LevelInfo), close, err
		}})
		slogs.tee = append(slogs.tee, attached{a.Name, func(url string) (logger, func(), error) {
			h, close, err := a.New(url)
			return slogLogger(slog.NewMultiHandler(jsonHandler(slog.LevelInfo), h), slog.LevelInfo), close, err
		}})
	}
	slogs.tee[0].make = func(url string) (logger, func(), error) {
		client, err := peers.Causality(url)
		if err != nil {
			return nil, nil, err
		}
		return slogLogger(slogcausality.Tee(jsonHandler(slog.LevelInfo), client), slog.LevelInfo), func() { _ = client.Close() }, nil
	}
	zaps := setting{name: "zap", bare: zapLogger(jsonCore(zap.InfoLevel))}
	for _, a := range peers.ZapCores {
		zaps.alone = append(zaps.alone, attached{a.Name, func(url string) (logger, func(), error) {
			core, close, err := a.New(url)
			return zapLogger(core), close, err
		}})
		zaps.tee = append(zaps.tee, attached{a.Name, func(url string) (logger, func(), error) {
			core, close, err := a.New(url)
			return zapLogger(zapcore.NewTee(jsonCore(zap.InfoLevel), core)), close, err
		}})
	}
	// zerolog writes the line before anybody sees it, so nothing goes alone.
	zerologs := setting{name: "zerolog", bare: zerologLogger(peers.Zerolog(io.Discard))}
	for _, a := range peers.ZerologWriters {
		zerologs.tee = append(zerologs.tee, attached{a.Name, func(url string) (logger, func(), error) {
			attach, close, err := a.New(url)
			if err != nil {
				return nil, nil, err
			}
			return zerologLogger(attach(io.Discard)), close, nil
		}})
	}
	return []setting{slogs, zaps, zerologs}
}

// BenchmarkEvent is a log call that is an event, on the goroutine that logs. The
// baseline, bare, is the same line written as JSON to nowhere. Alone the library
// is the logger's only handler; tee is beside that JSON.
func BenchmarkEvent(b *testing.B) {
	for _, s := range settings() {
		b.Run(s.name, func(b *testing.B) {
			for _, how := range []struct {
				name string
				list []attached
			}{{"alone", s.alone}, {"tee", s.tee}} {
				if len(how.list) == 0 {
					continue
				}
				b.Run(how.name, func(b *testing.B) {
					benchmarkLog(b, "bare", s.bare, eventKey)
					for _, a := range how.list {
						benchmarkAttached(b, a, eventKey)
					}
				})
			}
		})
	}
}

// BenchmarkAdapter is what an adapter takes of the goroutine that logs, with nothing
// beside it. Its baseline is the same line
// written as JSON to nowhere. A hook of zerolog's comes on top of the line.
func BenchmarkAdapter(b *testing.B) {
	for _, a := range []struct {
		name string
		bare logger
		made func(client *causality.Client) logger
	}{
		{"slog", slogLogger(jsonHandler(slog.LevelInfo), slog.LevelInfo), func(client *causality.Client) logger {
			return slogLogger(slogcausality.NewHandler(client), slog.LevelInfo)
		}},
		{"slog-group", groupLogger(jsonHandler(slog.LevelInfo)), func(client *causality.Client) logger {
			return groupLogger(slogcausality.NewHandler(client))
		}},
		{"zap", zapLogger(jsonCore(zap.InfoLevel)), func(client *causality.Client) logger {
			return zapLogger(zapcausality.NewCore(client))
		}},
		{"zerolog", zerologLogger(peers.Zerolog(io.Discard)), func(client *causality.Client) logger {
			return zerologLogger(peers.Zerolog(io.Discard).Hook(zerologcausality.NewHook(client)))
		}},
	} {
		b.Run(a.name, func(b *testing.B) {
			benchmarkLog(b, "bare", a.bare, eventKey)
			b.Run("lib=causality", func(b *testing.B) {
				client := newClient(b)
				log := a.made(client.Client)
				loop(b, client, func() { log(eventKey) })
			})
		})
	}
}

func groupLogger(h slog.Handler) logger {
	l := slog.New(h)
	return func(string) { purchase.SlogGroup(l) }
}

// BenchmarkBound is an event of a logger that has ten attributes bound.
func BenchmarkBound(b *testing.B) {
	var bound []slog.Attr
	for i := range 10 {
		bound = append(bound, slog.String(fmt.Sprintf("bound_%d", i), "value"))
	}
	benchmarkLog(b, "bare", slogLogger(jsonHandler(slog.LevelInfo).WithAttrs(bound), slog.LevelInfo), eventKey)
	for _, a := range peers.SlogHandlers {
		benchmarkAttached(b, attached{a.Name, func(url string) (logger, func(), error) {
			h, close, err := a.New(url)
			if err != nil {
				return nil, nil, err
			}
			return slogLogger(h.WithAttrs(bound), slog.LevelInfo), close, nil
		}}, eventKey)
	}
}

// BenchmarkLine is a log call that is no event and that the logger writes: what
// attaching costs all the others. Only causality tells such a line from an event.
// Its baseline beside bare is empty: what the logger itself takes to ask one more,
// which does nothing.
func BenchmarkLine(b *testing.B) {
	empty := map[string]logger{
		"slog": slogLogger(emptyTee{jsonHandler(slog.LevelInfo)}, slog.LevelInfo),
		"zap":  zapLogger(zapcore.NewTee(jsonCore(zap.InfoLevel), &emptyCore{zap.InfoLevel})),
		"zerolog": zerologLogger(peers.Zerolog(io.Discard).Hook(zerolog.HookFunc(
			func(*zerolog.Event, zerolog.Level, string) {}))),
	}
	for _, s := range settings() {
		b.Run(s.name, func(b *testing.B) {
			begin(b)
			log, close, err := s.tee[0].make(arrivals.URL)
			if err != nil {
				b.Fatal(err)
			}
			defer close()
			benchmarkLog(b, "bare", s.bare, lineKey)
			benchmarkAdded(b, "empty", s.bare, empty[s.name])
			benchmarkAdded(b, "causality", s.bare, log)
		})
	}
}

type emptyTee struct{ slog.Handler }

func (t emptyTee) Handle(ctx context.Context, r slog.Record) error {
	return t.Handler.Handle(ctx, r)
}

type emptyCore struct{ zapcore.LevelEnabler }

func (c *emptyCore) With([]zapcore.Field) zapcore.Core { return c }

func (c *emptyCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c *emptyCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }

func (c *emptyCore) Sync() error { return nil }

// benchmarkAdded measures log, and how much longer than bare it takes. That is a
// small part of either: the two take turns, of a millisecond or so, and the median of
// the differences is what was added.
func benchmarkAdded(b *testing.B, name string, bare, log logger) {
	b.Run("lib="+name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			log(lineKey)
		}
		const calls, turns = 500, 501
		var added [turns]float64
		for i := range added {
			without, with := timeOf(calls, bare), timeOf(calls, log)
			added[i] = float64(with-without) / calls
		}
		slices.Sort(added[:])
		b.ReportMetric(added[turns/2], "added-ns")
	})
}

func timeOf(calls int, log logger) time.Duration {
	start := time.Now()
	for range calls {
		log(lineKey)
	}
	return time.Since(start)
}

// BenchmarkUnwritten is a log call that the logger does not write: one below every
// level, and one between the logger's level and that of events, which is made only
// to look for an event in it. WithLevel at the logger's own level switches that off,
// which is "off" here.
func BenchmarkUnwritten(b *testing.B) {
	client := newClient(b).Client
	for _, level := range []struct {
		name  string
		level slog.Level
	}{{"below", slog.LevelDebug}, {"between", slog.LevelInfo}} {
		b.Run("slog/"+level.name, func(b *testing.B) {
			for _, l := range []struct {
				name    string
				handler slog.Handler
			}{
				{"bare", jsonHandler(slog.LevelWarn)},
				{"causality", slogcausality.Tee(jsonHandler(slog.LevelWarn), client)},
				{"off", slogcausality.Tee(jsonHandler(slog.LevelWarn), client, slogcausality.WithLevel(slog.LevelWarn))},
			} {
				benchmarkLog(b, l.name, slogLogger(l.handler, level.level), lineKey)
			}
		})
	}
	for _, caller := range []bool{false, true} {
		name := "zap/between"
		if caller {
			name += "-with-caller"
		}
		b.Run(name, func(b *testing.B) {
			for _, l := range []struct {
				name string
				log  *zap.Logger
			}{
				{"bare", zap.New(jsonCore(zap.WarnLevel), zap.WithCaller(caller))},
				{"causality", zap.New(jsonCore(zap.WarnLevel), zapcausality.Tee(client), zap.WithCaller(caller))},
				{"off", zap.New(jsonCore(zap.WarnLevel), zapcausality.Tee(client, zapcausality.WithLevel(zap.WarnLevel)), zap.WithCaller(caller))},
			} {
				benchmarkLog(b, l.name, func(key string) { purchase.Zap(l.log, key) }, lineKey)
			}
		})
	}
	b.Run("zerolog/below", func(b *testing.B) {
		bare := peers.Zerolog(io.Discard).Level(zerolog.WarnLevel)
		hooked := bare.Hook(zerologcausality.NewHook(client))
		benchmarkLog(b, "bare", zerologLogger(bare), lineKey)
		benchmarkLog(b, "causality", zerologLogger(hooked), lineKey)
	})
}

func benchmarkLog(b *testing.B, name string, log logger, key string) {
	b.Run("lib="+name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			log(key)
		}
	})
}

func benchmarkAttached(b *testing.B, a attached, key string) {
	b.Run("lib="+a.library, func(b *testing.B) {
		begin(b)
		log, close, err := a.make(arrivals.URL)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		lines := 0
		for b.Loop() {
			log(key)
			lines++
		}
		close()
		if key == eventKey {
			reportLost(b, lines)
		}
	})
}

// TestEveryAdapterDelivers holds what each benchmark takes for granted.
func TestEveryAdapterDelivers(t *testing.T) {
	const events = 25
	for _, s := range settings() {
		for how, list := range map[string][]attached{"alone": s.alone, "tee": s.tee} {
			for _, a := range list {
				t.Run(s.name+"/"+how+"/"+a.library, func(t *testing.T) {
					begin(t)
					log, close, err := a.make(arrivals.URL)
					if err != nil {
						t.Fatal(err)
					}
					for range events {
						log(eventKey)
					}
					close()
					wantArrived(t, events)
				})
			}
		}
	}
}
