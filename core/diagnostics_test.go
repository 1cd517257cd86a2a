//go:build go1.25

package causality_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestEveryLossIsSaid(t *testing.T) {
	trackOne := func(client *causality.Client, _ *gateway) {
		client.Track(causality.Event{EventType: "e", UserID: "u", Attrs: []slog.Attr{slog.Int("user_id", 1)}})
	}
	tests := []struct {
		words  string
		change func(*causality.Config)
		act    func(*causality.Client, *gateway)
		level  slog.Level
		attrs  []string // parts of the line
	}{
		{"the queue is full", func(cfg *causality.Config) { cfg.MaxQueueBytes = 1024 }, func(c *causality.Client, _ *gateway) {
			c.Track(causality.Event{EventType: strings.Repeat("e", 256), UserID: strings.Repeat("u", 1024)})
		}, slog.LevelError, []string{"count=1"}},
		{"invalid event dropped", nil, func(c *causality.Client, _ *gateway) { c.Track(causality.Event{}) }, slog.LevelError, []string{"count=1", "reason=it has no EventType"}},
		{"invalid event dropped", nil, func(c *causality.Client, _ *gateway) {
			c.Track(causality.Event{EventType: "far", TimestampMs: 1 << 60})
		},
			slog.LevelError, []string{"event_type=far", "year 9999"}},
		{"tracked after Close", nil, func(c *causality.Client, g *gateway) { _ = c.Close(); trackOne(c, g) }, slog.LevelWarn, []string{"count=1"}},
		{"Config.ReplaceAttr panicked", func(cfg *causality.Config) {
			cfg.ReplaceAttr = func([]string, slog.Attr) slog.Attr { panic("no") }
		}, trackOne, slog.LevelWarn, []string{"count=1"}},
		{"property renamed", nil, trackOne, slog.LevelWarn, []string{"count=1", "property=user_id"}},
		{"rejected events", nil, func(c *causality.Client, g *gateway) {
			g.then(rejects("app_id is required", anyEvent))
			trackOne(c, g)
			_ = c.Flush()
		}, slog.LevelError, []string{"count=1", "event_type=e", "app_id is required"}},
		{"cannot be delivered", nil, func(c *causality.Client, g *gateway) {
			g.then(answers(401, `{"error":"invalid API key"}`))
			trackOne(c, g)
			_ = c.Flush()
		}, slog.LevelWarn, []string{"failures=1", "waiting=1", "invalid API key", "check APIKey"}},
		{"delivered again", nil, func(c *causality.Client, g *gateway) {
			g.then(answers(401, ""))
			trackOne(c, g)
			_ = c.Flush()
			time.Sleep(time.Second)
			g.then(accept)
			_ = c.Flush()
		}, slog.LevelInfo, []string{"after=1s"}},
		{"closed with events undelivered", nil, func(c *causality.Client, g *gateway) {
			g.then(hangs)
			trackOne(c, g)
			abandon(c)
		}, slog.LevelError, []string{"count=1", "context canceled"}},
		{"Endpoint is plain http", func(cfg *causality.Config) { cfg.Endpoint = "http://gateway.test" }, func(*causality.Client, *gateway) {},
			slog.LevelWarn, []string{"endpoint=http://gateway.test"}},
		{"Config.BeforeTrack panicked", func(cfg *causality.Config) {
			cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) { panic("no") }
		}, trackOne, slog.LevelError, []string{"count=1", "event_type=e", "panic: no"}},
		{"Config.OnError panicked", onError(func(error) { panic("no") }), func(c *causality.Client, g *gateway) {
			g.then(answers(401, ""))
			trackOne(c, g)
			_ = c.Flush()
		}, slog.LevelError, []string{"no"}},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logbook
				g := newGateway(t)
				client := newClient(t, g, loggingTo(&book), func(cfg *causality.Config) {
					if tt.change != nil {
						tt.change(cfg)
					}
				})
				tt.act(client, g)
				synctest.Wait()
				lines := book.about(tt.words)
				if len(lines) != 1 {
					t.Fatalf("%d lines: %+v", len(lines), book.lines)
				}
				text := fmt.Sprint(strings.ReplaceAll(fmt.Sprint(lines[0].attrs), ":", "="))
				for _, attr := range tt.attrs {
					if !strings.Contains(text, strings.ReplaceAll(attr, ":", "=")) {
						t.Errorf("%q is not in %s", attr, text)
					}
				}
				if lines[0].level != tt.level || !strings.HasPrefix(lines[0].message, "causality: ") || !lines[0].isOwn {
					t.Errorf("%+v", lines[0])
				}
				balanced(t, client)
			})
		})
	}
}

func TestPlainHTTPToThisMachineIsNotWarnedAbout(t *testing.T) {
	for endpoint, want := range map[string]int{
		"http://localhost:8080": 0, "http://127.0.0.1:8080/base": 0, "http://[::1]:8080": 0, "https://gateway.test": 0,
		"http://10.0.0.7": 1, "http://localhost.example.com": 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			var book logbook
			newClient(t, newGateway(t), loggingTo(&book), func(cfg *causality.Config) { cfg.Endpoint = endpoint })
			synctest.Wait()
			if n := len(book.lines); n != want {
				t.Errorf("%s: %d lines", endpoint, n)
			}
		})
	}
}

func TestALineOfAKindComesAtMostEveryTenSeconds(t *testing.T) {
	tests := []struct {
		name   string
		words  string
		before func(*causality.Client)
		event  causality.Event
	}{
		{"invalid events", "invalid event", func(*causality.Client) {}, causality.Event{}},
		{"events after Close", "tracked after Close", func(c *causality.Client) { _ = c.Close() }, causality.Event{EventType: "late"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logbook
				client := newClient(t, newGateway(t), loggingTo(&book))
				tt.before(client)
				for range 1000 { // over 25 s
					client.Track(tt.event)
					time.Sleep(25 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				client.Track(tt.event)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				lines := book.about(tt.words)
				sum := 0
				for i, line := range lines {
					var n int
					fmt.Sscan(line.attrs["count"], &n)
					sum += n
					if i > 0 && line.at.Sub(lines[i-1].at) < 10*time.Second {
						t.Fatalf("line %d came %v after the one before", i, line.at.Sub(lines[i-1].at))
					}
				}
				if len(lines) < 4 || len(lines) > 6 || sum != 1001 {
					t.Errorf("%d lines count %d events", len(lines), sum)
				}
			})
		})
	}
}

func TestCloseWritesTheLinesThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		client := newClient(t, newGateway(t), loggingTo(&book))
		client.Track(causality.Event{})
		synctest.Wait()
		for range 41 {
			client.Track(causality.Event{})
		}
		_ = client.Close()
		lines := book.about("invalid event")
		if len(lines) != 2 || lines[1].attrs["count"] != "41" {
			t.Errorf("%+v", lines)
		}
	})
}

// counting refuses every request with its number.
func counting(format string) answer {
	n := -1
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		n++
		return answers(403, fmt.Sprintf(format, n))(g, r, got)
	}
}

func TestErrorsReachOnErrorInOrderOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []string // without a lock: the race detector is the witness
		g := newGateway(t)
		g.then(counting("refusal number %d;"))
		client := newClient(t, g, maxInFlight(1), onError(func(err error) {
			time.Sleep(10 * time.Millisecond)
			reported = append(reported, err.Error())
		}))
		track(client, 0, 1)
		for range 60 {
			_ = client.Flush()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		for n, text := range reported {
			if !strings.Contains(text, fmt.Sprintf("refusal number %d;", n)) {
				t.Fatalf("error %d is %s", n, text)
			}
		}
		if len(reported) < 60 {
			t.Errorf("%d errors", len(reported))
		}
	})
}

func TestErrorsMergeBeyondAHundredWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, release := make(chan bool), make(chan bool)
		var reported []string
		g := newGateway(t)
		g.then(counting("refusal number %d;"))
		client := newClient(t, g, batchSize(1), maxInFlight(1), onError(func(err error) {
			if reported = append(reported, err.Error()); len(reported) == 1 {
				close(begun)
				<-release
			}
		}))
		track(client, 0, 1)
		<-begun
		for g.count() < 500 {
			_ = client.Flush()
			time.Sleep(time.Second)
		}
		close(release)
		synctest.Wait()
		last := reported[len(reported)-1]
		if len(reported) != 101 || !strings.Contains(last, "number 499;") || !strings.Contains(last, "399 errors before it") {
			t.Errorf("%d errors, the last is %s", len(reported), last)
		}
	})
}

func TestASlowOnErrorHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, answers(401, ""))
		client := newClient(t, g, onError(func(error) { time.Sleep(time.Hour) }))
		track(client, 0, 3)
		_ = client.Flush()
		start := time.Now()
		flush(t, client)
		track(client, 3, 100)
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v", took)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 15*time.Second+100*time.Millisecond {
			t.Errorf("Close took %v", took)
		}
		time.Sleep(2 * time.Hour)
	})
}

func TestCloseWaitsForOnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []error
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g, closeTimeout(2*time.Second), onError(func(err error) {
			time.Sleep(50 * time.Millisecond)
			reported = append(reported, err)
		}))
		track(client, 0, 3)
		err := client.Close()
		if len(reported) == 0 || !errors.Is(err, causality.ErrUndelivered) {
			t.Errorf("OnError got %v, Close returned %v", reported, err)
		}
	})
}

// panicky is a slog.Handler of a user that panics.
type panicky struct{ slog.Handler }

func (panicky) Enabled(context.Context, slog.Level) bool  { return true }
func (panicky) Handle(context.Context, slog.Record) error { panic("the disk is full") }

func TestWhatPanicsInTheUsersOwnHooksHarmsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		g := newGateway(t, answers(401, ""), answers(401, ""))
		client := newClient(t, g, loggingTo(panicky{}), onError(func(error) {
			calls++
			panic("and so does this")
		}))
		track(client, 0, 3)
		flush(t, client)
		synctest.Wait()
		if s := balanced(t, client); s.Delivered != 3 || calls != 2 {
			t.Errorf("OnError was called %d times, %+v", calls, s)
		}
	})
}

func TestALineQuotesLittleOfALongType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		client := newClient(t, newGateway(t), loggingTo(&book), func(cfg *causality.Config) {
			cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) { panic("boom") }
		})
		client.Track(causality.Event{EventType: strings.Repeat("é", 500_000)})
		synctest.Wait()
		lines := book.about("BeforeTrack panicked")
		if len(lines) != 1 || len(lines[0].attrs["event_type"]) != 256 {
			t.Errorf("%.2000v", lines)
		}
	})
}

func TestAnOnDropThatPanicsIsSaidAtMostEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t)
		g.then(rejects("no", anyEvent))
		client := newClient(t, g, loggingTo(&book), func(cfg *causality.Config) {
			cfg.OnDrop = func(causality.DroppedEvent) { panic("no") }
		})
		for n := range 50 {
			track(client, n, n+1)
			flush(t, client)
			synctest.Wait()
		}
		time.Sleep(9 * time.Second)
		if n := len(book.about("OnDrop panicked")); n != 1 {
			t.Errorf("%d lines", n)
		}
		time.Sleep(time.Minute)
		if n := len(book.about("OnDrop panicked")); n != 2 {
			t.Errorf("%d lines after a minute", n)
		}
	})
}

func TestWhatOnErrorTracksIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, answers(401, ""))
		var client *causality.Client
		client = newClient(t, g, onError(func(error) { client.Track(causality.Event{EventType: "trouble"}) }))
		track(client, 0, 1)
		_ = client.Flush()
		synctest.Wait()
		flush(t, client)
		if s := balanced(t, client); s.Delivered != 1 || s.Dropped.Filtered != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAPauseIsSaidWithItsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t)
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			return answers(503, "busy")(g, r, got)
		})
		client := newClient(t, g, loggingTo(&book), batchSize(200)) // no request before all are tracked
		track(client, 0, 200)
		time.Sleep(time.Hour)
		g.then(accept)
		flush(t, client)
		synctest.Wait()
		failures := 0
		for _, line := range book.about("cannot be delivered") {
			var n int
			fmt.Sscan(line.attrs["failures"], &n)
			failures += n
			if line.attrs["waiting"] != "200" {
				t.Errorf("%+v", line)
			}
		}
		if lines := len(book.about("cannot be delivered")); failures < 40 || lines > failures {
			t.Errorf("%d failures on %d lines", failures, lines)
		}
		if n := len(book.about("delivered again")); n != 1 {
			t.Errorf("%d lines say that events are delivered again", n)
		}
	})
}
