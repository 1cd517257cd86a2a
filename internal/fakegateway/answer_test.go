package fakegateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// overBoth runs a test without a network and over a real server.
func overBoth(t *testing.T, test func(t *testing.T, rec *fakegateway.Gateway, rt http.RoundTripper)) {
	t.Run("as a RoundTripper", func(t *testing.T) {
		rec := fakegateway.New()
		test(t, rec, rec)
	})
	t.Run("as a Handler", func(t *testing.T) {
		rec := fakegateway.New()
		srv := httptest.NewServer(rec)
		transport := &http.Transport{}
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			srv.Close()
		})
		test(t, rec, redirected{transport, strings.TrimPrefix(srv.URL, "http://")})
	})
}

// redirected sends every request to one host.
type redirected struct {
	http.RoundTripper
	host string
}

func (r redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	req.URL.Scheme, req.URL.Host = "http", r.host
	return r.RoundTripper.RoundTrip(req)
}

// outcome is how a request ended, in a few words.
func outcome(t *testing.T, rt http.RoundTripper, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second/5)
	defer cancel()
	res, err := send(ctx, rt, body)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case err != nil:
		return "broken"
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(res.Status + " " + string(text))
}

func TestAScriptedAnswerDecidesOneRequest(t *testing.T) {
	reasons := func(e causality.Event) string {
		switch e.EventType {
		case "b":
			return "not today"
		case "c":
			return "failed to publish event: nats: timeout"
		}
		return ""
	}
	const accepted = `200 OK {"acceptedCount":`
	for _, test := range []struct {
		name   string
		answer fakegateway.Answer
		want   string // of the request a, b, c
		stored string // thereafter
		again  string // stored when the same request comes again, unscripted
	}{
		{"Accept leaves it to the gateway", fakegateway.Accept(), accepted + "3", "a b c", "a b c"},
		{"the zero Answer is Accept", fakegateway.Answer{}, accepted + "3", "a b c", "a b c"},
		{"Status stores nothing", fakegateway.Status(503), "503 Service Unavailable Service Unavailable", "", "a b c"},
		{"Status 429 is the gateway's", fakegateway.Status(429), "429 Too Many Requests Too Many Requests", "", "a b c"},
		{"Status 401 is the gateway's", fakegateway.Status(401), `401 Unauthorized {"error":"invalid API key"}`, "", "a b c"},
		{"Status 500 is the gateway's", fakegateway.Status(500), `500 Internal Server Error {"message":"internal error"}`, "", "a b c"},
		{"Status without a body", fakegateway.Status(204), "204 No Content", "", "a b c"},
		{"Reply says just that", fakegateway.Reply(200, nil, "{"), "200 OK {", "", "a b c"},
		{"Violation refuses the content", fakegateway.Violation("events.x", `is "bad"`), `400 Bad Request {"violations":[{"field":"events.x", "description":"is \"bad\""}]}`, "", "a b c"},
		{"Reject spends the key of a failed publish alone", fakegateway.Reject(reasons), `200 OK {"acceptedCount":1, "rejectedCount":2, "results":[{"eventId":"a", "status":"accepted"}, {"index":1, "status":"rejected", "error":"not today"}, {"index":2, "status":"rejected", "error":"failed to publish event: nats: timeout"}]}`, "a", "a b"},
		{"Hang ends with the request's context", fakegateway.Hang(), "timeout", "", "a b c"},
		{"Break drops the connection", fakegateway.Break(), "broken", "", "a b c"},
		{"BreakAfter drops it too", fakegateway.BreakAfter(), "broken", "", "a b c"},
		{"Delay answers late", fakegateway.Status(503).Delay(time.Millisecond), "503 Service Unavailable Service Unavailable", "", "a b c"},
		{"a Delay that is too long stores nothing", fakegateway.Accept().Delay(time.Minute), "timeout", "", "a b c"},
		{"Storing all loses only the answer", fakegateway.BreakAfter().Storing(3), "broken", "a b c", "a b c"},
		{"Storing some loses the others for good", fakegateway.Hang().Storing(1), "timeout", "a", "a"},
		{"Storing none loses all", fakegateway.Status(502).Storing(0), "502 Bad Gateway Bad Gateway", "", ""},
		{"Storing does not show in what Accept answers", fakegateway.Accept().Storing(2), accepted + "3", "a b", "a b"},
		{"AnswerFunc chooses by the events", fakegateway.AnswerFunc(func(req fakegateway.Request) fakegateway.Answer {
			return fakegateway.Reply(200, nil, names(req.Events()))
		}), "200 OK a b c", "", "a b c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, rec *fakegateway.Gateway, rt http.RoundTripper) {
				body := batch(`"id":"a",`+named("a"), `"id":"b",`+named("b"), `"id":"c",`+named("c"))
				rec.Script(test.answer)
				if got := outcome(t, rt, body); !strings.HasPrefix(got, test.want) {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if got := names(rec.Events()); got != test.stored {
					t.Errorf("stored %q, want %q", got, test.stored)
				}
				if got := outcome(t, rt, body); !strings.HasPrefix(got, accepted+"3") {
					t.Errorf("the script went on: %s", got)
				}
				if got := names(rec.Events()); got != test.again {
					t.Errorf("when the request came again: stored %q, want %q", got, test.again)
				}
			})
		})
	}
}

func TestTheScriptIsUsedInOrderAndAlwaysFollowsIt(t *testing.T) {
	rec := fakegateway.New()
	rec.Always(fakegateway.Status(418))
	rec.Script(fakegateway.Status(501).Times(2), fakegateway.Accept())
	rec.Script(fakegateway.Status(502).Times(0), fakegateway.Status(503))
	for i, want := range []int{501, 501, 200, 503, 418, 418} {
		if got, _ := post(t, rec, batch(named("a"))); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	rec.Always(fakegateway.Accept())
	if got, _ := post(t, rec, batch(named("a"))); got != 200 {
		t.Error(got)
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	rec := fakegateway.New()
	rec.Script(
		fakegateway.StatusRetryAfter(429, 1200*time.Millisecond),
		fakegateway.StatusRetryAfter(204, 0),
		fakegateway.Reply(503, http.Header{"Retry-After": {"soon"}}, ""),
	)
	for _, want := range []string{"2", "0", "soon"} {
		res, err := send(context.Background(), rec, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Retry-After"); got != want {
			t.Errorf("%d: Retry-After %q, want %q", res.StatusCode, got, want)
		}
	}
}

func TestBreakLeavesTheBodyUnread(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer fakegateway.Answer
		read   bool
	}{
		{"Break", fakegateway.Break(), false},
		{"BreakAfter", fakegateway.BreakAfter(), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			rec.Script(test.answer)
			body := &watchedBody{Reader: bytes.NewReader([]byte("body"))}
			req := httptest.NewRequest(http.MethodPost, "https://gateway.test/v1/events/batch", nil)
			req.Body = body
			_, err := rec.RoundTrip(req)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
			if read := body.read.Load() > 0; read != test.read || !body.closed.Load() {
				t.Errorf("read %v, closed %v", read, body.closed.Load())
			}
			if req := rec.Requests()[0]; req.Status != 0 || (len(req.Body) > 0) != test.read {
				t.Errorf("%+v", req)
			}
		})
	}
}

type watchedBody struct {
	*bytes.Reader
	read   atomic.Int64
	closed atomic.Bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (b *watchedBody) Close() error {
	b.closed.Store(true)
	return nil
}

func TestABodyThatCannotBeReadIsTheClientsError(t *testing.T) {
	rec := fakegateway.New()
	req := httptest.NewRequest(http.MethodPost, "https://gateway.test/v1/events/batch", nil)
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), failingReader{}))
	if _, err := rec.RoundTrip(req); !errors.Is(err, errFailing) {
		t.Error(err)
	}
}

var errFailing = errors.New("disk on fire")

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errFailing }

func TestARequestWhoseContextHasEndedDoesNotArrive(t *testing.T) {
	rec := fakegateway.New()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := send(ctx, rec, batch(named("a"))); !errors.Is(err, context.Canceled) || len(rec.Requests()) != 0 {
		t.Error(err, rec.Requests())
	}
}

func TestTheHandlerTakesABodyFromARealClient(t *testing.T) {
	rec := fakegateway.New()
	srv := httptest.NewServer(rec)
	defer srv.Close()
	req, err := http.NewRequest(http.MethodPost, srv.URL+"//v1/events/batch", strings.NewReader(batch(named("a"))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", replayKey)
	res, err := srv.Client().Do(req) // follows the 307
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || rec.Len() != 1 || len(rec.Requests()) != 2 || rec.Requests()[0].Status != 307 {
		t.Error(res.Status, rec.Requests())
	}
}
