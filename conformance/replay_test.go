package conformance

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// TestReplay sends every recorded request to the gateway of localgateway and
// compares what it answers and stores with what the real one did.
func TestReplay(t *testing.T) {
	t.Run("every recorded exchange", func(t *testing.T) {
		seen := replay(t, readExchanges(t, sharedExchanges))
		for key := range exceptions {
			if !seen[key] {
				t.Errorf("%s is excepted but was not recorded", key)
			}
		}
		for key := range circumstances {
			if !seen[key] {
				t.Errorf("%s has circumstances but was not recorded", key)
			}
		}
	})
	t.Run("the kept exchanges", func(t *testing.T) {
		replay(t, readExchanges(t, keptExchanges))
	})
}

// exceptions are the exchanges with which this gateway does not agree, and why.
var exceptions = map[string]string{
	"nats-down/big-events-while-down":         "no reply: the server's write timeout of 30 s ended the connection",
	"nats-down/frozen-7-events":               "no reply: the server's write timeout of 30 s ended the connection",
	"client-timeout/50-nats-down-client-3s":   "no reply: the client gave up",
	"client-timeout/1000-healthy-client-5ms":  "no reply: the client gave up",
	"client-timeout/1000-healthy-client-15ms": "no reply: the client gave up",
	"client-timeout/1000-healthy-client-30ms": "no reply: the client gave up",
	"client-timeout/3-nats-frozen-resend":     "NATS published late what the gateway had already rejected",
	"restart/stopped":                         "no reply: the gateway was not running",
	"restart/sigKILL-mid-batch":               "no reply: the gateway was killed",
}

// circumstances are what had happened to the real gateway before an exchange.
var circumstances = map[string]func(*world){
	"auth/revoked-key": func(w *world) { w.gw.Revoke(recordedKeys["<key-to-revoke>"]) },

	"pg-down/post-while-pg-down": func(w *world) { w.gw.Revoke(recordedKeys["<key>"]) },
	"pg-down/post-after-pg-back": func(w *world) { w.gw.Allow(recordedKeys["<key>"], "probe-app") },

	"restart/key-after-restart": func(w *world) { w.gw.Restart() },
	"restart/sigTERM-retry":     func(w *world) { w.gw.Restart() },
	"restart/sigKILL-mid-batch": func(w *world) { w.leaveAfter = 653 },
	"restart/sigKILL-retry":     func(w *world) { w.gw.Restart() },

	"nats-down/3-events-while-down":                 func(w *world) { w.broker = context.DeadlineExceeded },
	"nats-down/3-events-resend-same-keys":           func(w *world) { w.broker = nil },
	"nats-down/reconnect-buffer-overflow":           func(w *world) { w.broker = errors.New("nats: outbound buffer limit exceeded") },
	"nats-down/frozen-5-events":                     func(w *world) { w.broker = context.DeadlineExceeded },
	"nats-long-outage/after-2min-nats-still-down":   func(w *world) { w.broker = errors.New("nats: connection closed") },
	"nats-long-outage/after-2min-gateway-restarted": func(w *world) { w.broker = nil; w.gw.Restart() },

	"client-timeout/50-nats-down-client-3s":   func(w *world) { w.leaveAfter = 1 },
	"client-timeout/3-nats-frozen":            func(w *world) { w.broker = context.DeadlineExceeded },
	"client-timeout/3-nats-frozen-resend":     func(w *world) { w.broker = nil },
	"client-timeout/1000-healthy-client-5ms":  func(w *world) { w.leaveAfter = 0 },
	"client-timeout/1000-healthy-client-15ms": func(w *world) { w.leaveAfter = 0 },
	"client-timeout/1000-healthy-client-30ms": func(w *world) { w.leaveAfter = 119 },
}

// settings are the options under which a group was recorded.
var settings = map[string][]gateway.Option{
	"limits-env":   {gateway.WithMaxEvents(2)},
	"rate-limit":   {gateway.WithRate(1, 2)},
	"dedup-window": {gateway.WithWindow(4 * time.Second)},
}

// recordedKeys maps what the recording calls a key to a key for the tests.
var recordedKeys = map[string]string{
	"<key>":                 strings.Repeat("0a", 32),
	"<key-of-other-app>":    strings.Repeat("1b", 32),
	"<key-to-revoke>":       strings.Repeat("2c", 32),
	"<second-key-same-app>": strings.Repeat("3d", 32),
	"<KEY-UPPERCASED>":      strings.Repeat("0A", 32),
}

// request is what was sent.
func (e *exchange) request(ctx context.Context, body []byte) *http.Request {
	req := httptest.NewRequestWithContext(ctx, e.Request.Method, e.Request.Path, bytes.NewReader(body))
	for name, value := range e.Request.Headers {
		for placeholder, key := range recordedKeys {
			value = strings.ReplaceAll(value, placeholder, key)
		}
		req.Header.Set(name, value)
	}
	return req
}

// world is one gateway with its surroundings; every group has its own.
type world struct {
	gw         *gateway.Gateway
	clock      time.Time
	broker     error // what the message broker answers
	leaveAfter int   // the client goes away after so many stored events; -1: it stays
	leave      context.CancelFunc
}

func newWorld(group string) *world {
	w := &world{leaveAfter: -1}
	opts := []gateway.Option{
		gateway.WithKey(recordedKeys["<key>"], "probe-app"),
		gateway.WithKey(recordedKeys["<key-of-other-app>"], "probe-rl"),
		gateway.WithKey(recordedKeys["<key-to-revoke>"], "probe-app"),
		gateway.WithKey(recordedKeys["<second-key-same-app>"], "probe-app"),
		gateway.WithClock(func() time.Time { return w.clock }),
		gateway.WithPublish(func(*gateway.Stored) error { return w.broker }),
		gateway.WithOnStore(func(*gateway.Stored) { w.countDown() }),
	}
	w.gw = gateway.New(append(opts, settings[group]...)...)
	return w
}

func (w *world) countDown() {
	if w.leaveAfter > 0 {
		if w.leaveAfter--; w.leaveAfter == 0 {
			w.leave()
		}
	}
}

var bodyTime = regexp.MustCompile(`"timestamp_ms": ?(\d{13})\b`)

// send repeats the request of an exchange at the time at which it was made.
func (w *world) send(t *testing.T, e *exchange) *httptest.ResponseRecorder {
	t.Helper()
	body := e.body(t)
	if m := bodyTime.FindSubmatch(body); m != nil {
		ms, _ := strconv.ParseInt(string(m[1]), 10, 64)
		w.clock = time.UnixMilli(ms)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.leave = cancel
	if w.leaveAfter == 0 {
		cancel()
	}
	rec := httptest.NewRecorder()
	w.gw.ServeHTTP(rec, e.request(ctx, body))
	w.leaveAfter = -1
	return rec
}

// replay sends the exchanges in their order and returns which it has seen.
func replay(t *testing.T, all []*exchange) map[string]bool {
	t.Helper()
	seen := make(map[string]bool)
	worlds := make(map[string]*world)
	agreed, excepted, why := 0, 0, make(map[string]int)
	for _, e := range all {
		seen[e.key()] = true
		w := worlds[e.Group]
		if w == nil {
			w = newWorld(e.Group)
			worlds[e.Group] = w
		}
		if prepare := circumstances[e.key()]; prepare != nil {
			prepare(w)
		}
		before := w.gw.Len()
		reply := w.send(t, e)
		differences := compare(e, reply, w.gw.Stored(), before)
		if strings.Contains(e.Note, "gateway restarted") {
			w.gw.Restart()
		}
		switch reason, except := exceptions[e.key()]; {
		case except && len(differences) == 0:
			t.Errorf("%s agrees, yet is excepted: %s", e.key(), reason)
		case except:
			excepted++
			why[reason]++
		case len(differences) > 0:
			t.Errorf("%s:\n\t%s", e.key(), strings.Join(differences, "\n\t"))
		default:
			agreed++
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		t.Logf("excepted %d: %s", why[reason], reason)
	}
	t.Logf("replayed %d, agreed %d, excepted %d", len(all), agreed, excepted)
	return seen
}

// compare lists the differences between what was recorded and what this
// gateway answered and stored.
func compare(e *exchange, reply *httptest.ResponseRecorder, stored []*gateway.Stored, before int) []string {
	var d differences
	d.check("status", e.Response.Status, reply.Code)
	for _, name := range []string{"Content-Type", "Allow", "Location", "Access-Control-Max-Age", "X-Content-Type-Options"} {
		d.check(name, e.Response.Headers[name], reply.Header().Get(name))
	}
	if e.Request.Method != http.MethodHead {
		d.checkBody(e, reply.Body.Bytes())
	}
	fresh := stored[before:]
	if e.Stream != nil {
		d.checkStream(e, stored, fresh)
	}
	d.checkNote(e, stored)
	return d
}
