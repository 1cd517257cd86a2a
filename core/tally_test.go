//go:build go1.25

package causality_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestALineNamesEachCauseWithItsCount(t *testing.T) {
	const late, badID = "its TimestampMs is after the year 9999; it takes milliseconds, t.UnixMilli()",
		"its ID is not 1 to 128 bytes of printable text"
	invalid := func(eventType string, times int, reason string) func(*causality.Client) {
		event := causality.Event{EventType: eventType}
		switch reason {
		case late:
			event.TimestampMs = 1 << 60
		case badID:
			event.ID = "\n"
		}
		return func(c *causality.Client) {
			for range times {
				c.Track(event)
			}
		}
	}
	renamed := func(eventType, key string, times int) func(*causality.Client) {
		return func(c *causality.Client) {
			for range times {
				c.Track(causality.Event{EventType: eventType, UserID: "u", SessionID: "s", Attrs: []slog.Attr{slog.Int(key, 1)}})
			}
		}
	}
	tests := []struct {
		name, words string
		acts        []func(*causality.Client)
		want        map[string]string
	}{
		{"one cause", "invalid event", []func(*causality.Client){invalid("a", 3, late)},
			map[string]string{"count": "3", "event_type": "a", "reason": late}},
		{"two reasons of one type", "invalid event", []func(*causality.Client){invalid("a", 3, late), invalid("a", 2, badID), invalid("a", 1, late)},
			map[string]string{"count": "6", "event_type": "a", "reason": late + " (4); " + badID + " (2)"}},
		{"one reason of two types", "invalid event", []func(*causality.Client){invalid("a", 3, badID), invalid("b", 2, badID)},
			map[string]string{"count": "5", "event_type": "a (3), b (2)", "reason": badID}},
		{"a reason without a type", "invalid event", []func(*causality.Client){invalid("", 1, ""), invalid("b", 2, badID)},
			map[string]string{"count": "3", "event_type": "b", "reason": "it has no EventType (1); " + badID + " (2)"}},
		{"properties", "property renamed", []func(*causality.Client){renamed("a", "user_id", 2), renamed("a", "session_id", 1)},
			map[string]string{"count": "3", "property": "user_id (2), session_id (1)"}},
		{"more than it names", "invalid event", []func(*causality.Client){
			invalid("a", 1, badID), invalid("b", 1, badID), invalid("c", 1, badID), invalid("d", 1, badID), invalid("e", 1, badID), invalid("f", 2, badID), invalid("g", 2, badID), invalid("a", 1, badID)},
			map[string]string{"count": "10", "event_type": "a (2), b (1), c (1), d (1), e (1), others (4)", "reason": badID}},
		{"two reasons of two types", "invalid event", []func(*causality.Client){invalid("a", 3, late), invalid("b", 2, badID), invalid("a", 1, badID)},
			map[string]string{"count": "6", "event_type": "a, b", "reason": late + " (a 3); " + badID + " (b 2, a 1)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logbook
				client := newClient(t, newGateway(t), loggingTo(&book))
				// The first line with a message is written at once.
				invalid("first", 1, badID)(client)
				renamed("first", "user_id", 1)(client)
				synctest.Wait()
				book.lines = nil
				for _, act := range tt.acts {
					act(client)
				}
				time.Sleep(11 * time.Second)
				lines := book.about(tt.words)
				if len(lines) != 1 {
					t.Fatalf("%+v", book.lines)
				}
				if fmt.Sprint(lines[0].attrs) != fmt.Sprint(tt.want) {
					t.Errorf("got\n%v\nwant\n%v", lines[0].attrs, tt.want)
				}
			})
		})
	}
}

func TestALineNamesFiveReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		n := 0
		client := newClient(t, newGateway(t), loggingTo(&book), func(cfg *causality.Config) {
			cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) {
				n++
				panic(fmt.Sprintf("<%d>", n))
			}
		})
		track(client, 0, 1)
		synctest.Wait()
		track(client, 1, 1000)
		time.Sleep(11 * time.Second)
		lines := book.about("BeforeTrack panicked")
		if len(lines) != 2 || lines[1].attrs["reason"] != "panic: <2> (1); panic: <3> (1); panic: <4> (1); panic: <5> (1); panic: <6> (1); other reasons (994)" ||
			lines[1].attrs["count"] != "999" || lines[1].attrs["event_type"] != "numbered" {
			t.Errorf("%+v", lines)
		}
	})
}

func TestAMergedLineNamesEachReasonOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t, answers(401, ""), answers(503, "away"), unreachable, unreachable)
		client := newClient(t, g, loggingTo(&book), func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		track(client, 0, 1)
		for range 4 {
			_ = client.Flush()
			time.Sleep(1100 * time.Millisecond)
		}
		time.Sleep(11 * time.Second)
		lines := book.about("cannot be delivered")
		if len(lines) < 2 || !strings.Contains(lines[1].attrs["reason"], "503 Service Unavailable: away (1)") || !strings.Contains(lines[1].attrs["reason"], "connection refused (2)") {
			t.Errorf("%+v", lines)
		}
	})
}

// The gateway's words on rejected events are the same, though each has an id.
func TestRejectionsForOneReasonAreOneCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t)
		g.then(rejects("app_id is required", anyEvent))
		client := newClient(t, g, loggingTo(&book))
		track(client, 0, 40)
		flush(t, client)
		time.Sleep(11 * time.Second)
		sum := 0
		for _, line := range book.about("rejected events") {
			var n int
			fmt.Sscan(line.attrs["count"], &n)
			sum += n
			if line.attrs["reason"] != "app_id is required" || line.attrs["event_type"] != "numbered" {
				t.Errorf("%+v", line)
			}
		}
		if sum != 40 {
			t.Errorf("%d events are counted", sum)
		}
	})
}

func TestALineQuotesLittleOfALongReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		client := newClient(t, newGateway(t), loggingTo(&book), func(cfg *causality.Config) {
			cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) { panic(strings.Repeat("é", 500_000)) }
		})
		track(client, 0, 1)
		synctest.Wait()
		lines := book.about("BeforeTrack panicked")
		if len(lines) != 1 || len(lines[0].attrs["reason"]) > 1000 || len(lines[0].attrs["reason"]) < 990 {
			t.Errorf("%.2000v", lines)
		}
	})
}

// Whatever Close has to say, it repeats no line of the ten seconds before it.
func TestCloseRepeatsNoLine(t *testing.T) {
	tests := []struct {
		name string
		act  func(*causality.Client, *gateway)
	}{
		{"invalid events", func(c *causality.Client, _ *gateway) { c.Track(causality.Event{}) }},
		{"the gateway is away", func(c *causality.Client, g *gateway) {
			g.then(answers(503, ""))
			track(c, 0, 1)
			_ = c.Flush()
		}},
		{"the gateway was away", func(c *causality.Client, g *gateway) {
			g.then(answers(503, ""))
			track(c, 0, 1)
			_ = c.Flush()
			time.Sleep(time.Second)
			_ = c.Flush()
			g.then(accept)
		}},
		{"the gateway comes and goes", func(c *causality.Client, g *gateway) {
			g.then(answers(401, ""))
			track(c, 0, 1)
			_ = c.Flush()
			g.then(accept)
			time.Sleep(time.Second)
			_ = c.Flush()
		}},
		{"events are rejected", func(c *causality.Client, g *gateway) {
			g.then(rejects("no", anyEvent))
			track(c, 0, 1)
			_ = c.Flush()
		}},
		{"a request breaks", func(c *causality.Client, g *gateway) {
			g.then(breaks(false))
			track(c, 0, 1)
			_ = c.Flush()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logbook
				g := newGateway(t)
				client := newClient(t, g, loggingTo(&book), closeTimeout(3*time.Second), func(cfg *causality.Config) { cfg.MaxRetries = -1 })
				for range 3 {
					tt.act(client, g)
					synctest.Wait()
					time.Sleep(500 * time.Millisecond)
				}
				_ = client.Close()
				_ = client.Close()
				synctest.Wait()
				seen := map[string]bool{}
				for _, line := range book.lines {
					if seen[line.message] {
						t.Errorf("%q comes twice", line.message)
					}
					seen[line.message] = true
				}
				if len(seen) == 0 {
					t.Error("nothing is said")
				}
			})
		})
	}
}

func TestMoreTimeForCloseIsAdvisedOnlyWhereItHelps(t *testing.T) {
	tests := []struct {
		name      string
		act       answer
		isAdvised bool
		reason    string
	}{
		{"a wrong key", answers(401, ""), false, "check APIKey"},
		{"a forbidden key", answers(403, ""), false, "check APIKey"},
		{"a wrong path", answers(404, ""), false, "check Endpoint"},
		{"a redirect", answers(307, "", "Location", "https://other.test"), false, "set Endpoint"},
		{"another server", answers(200, "<html>"), false, "cannot be read"},
		{"a gateway that is away", answers(503, ""), false, "503"},
		{"a refused connection", unreachable, false, "connection refused"},
		{"a broken connection", breaks(false), false, "cannot be reached"},
		{"too many requests", answers(429, ""), true, "429"},
		{"a slow gateway", hangs, true, "deadline exceeded"},
		{"a gateway that takes half a second for each event", after(500*time.Millisecond, accept), true, "deadline exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logbook
				g := newGateway(t)
				g.then(tt.act)
				client := newClient(t, g, loggingTo(&book), closeTimeout(3*time.Second), batchSize(1), maxInFlight(1), func(cfg *causality.Config) { cfg.MaxBatchSize = 1 })
				track(client, 0, 20)
				_ = client.Close()
				lines := book.about("closed with events undelivered, which are lost")
				if len(lines) != 1 || strings.Contains(lines[0].message, "CloseTimeout") != tt.isAdvised || !strings.Contains(lines[0].attrs["reason"], tt.reason) {
					t.Errorf("%+v", lines)
				}
			})
		})
	}
}

func TestCloseNamesNoFailureThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t, answers(401, ""))
		client := newClient(t, g, loggingTo(&book), closeTimeout(3*time.Second))
		track(client, 0, 1)
		_ = client.Flush()
		time.Sleep(time.Minute)
		flush(t, client)
		g.then(after(time.Hour, accept))
		track(client, 1, 3)
		err := client.Close()
		lines := book.about("closed with events undelivered, which are lost; allow Close more time")
		if len(lines) != 1 || lines[0].attrs["count"] != "2" || strings.Contains(lines[0].attrs["reason"]+fmt.Sprint(err), "401") {
			t.Errorf("%+v, Close returned %v", book.lines, err)
		}
	})
}

func TestAClientIsLoggedAsAGroup(t *testing.T) {
	client := newClient(t, newGateway(t))
	track(client, 0, 3)
	client.Track(causality.Event{})
	flush(t, client)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("it", "client", client, "none", (*causality.Client)(nil))
	var line struct {
		Client map[string]int
		None   string
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	if want := map[string]int{"tracked": 4, "delivered": 3, "dropped": 1, "queued": 0}; fmt.Sprint(line.Client) != fmt.Sprint(want) || line.None == "" {
		t.Errorf("got %s", out.Bytes())
	}
}
