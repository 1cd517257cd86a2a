//go:build go1.25

package causality_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// stores takes the events in, and then answers what act answers.
func stores(act answer) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		g.store(got.events, anyEvent)
		return act(g, r, got)
	}
}

// cutOff answers with a body that ends before its time.
func cutOff(status int, body string) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		resp := reply(status, body)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), errorReader{io.ErrUnexpectedEOF}))
		return resp, nil
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// panics has a Transport that panics before, or after, it has read the request.
func panics(readsFirst bool) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		if readsFirst {
			g.read(r, got)
		}
		panic("the transport is broken")
	}
}

// nothing has a Transport that breaks the contract of http.RoundTripper.
func nothing(*gateway, *http.Request, *arrival) (*http.Response, error) { return nil, nil }

// fails has a Transport that returns an error.
func fails(err error) answer {
	return func(*gateway, *http.Request, *arrival) (*http.Response, error) { return nil, err }
}

// withBody answers 200 with this body, which may be nil.
func withBody(body io.ReadCloser) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		return &http.Response{StatusCode: 200, Body: body}, nil
	}
}

func TestWhatIsDoneAfterAnAnswer(t *testing.T) {
	const all = "{\"acceptedCount\":3, \"results\":[{\"eventId\":\"a\", \"status\":\"accepted\"}, {\"index\":1, \"eventId\":\"b\", \"status\":\"accepted\"}, {\"index\":2, \"eventId\":\"c\", \"status\":\"accepted\"}]}"
	const known, unknown = false, true // the outcome of the first request
	tests := []struct {
		name string
		act  answer // to the first request; the second is accepted
		want bool
	}{
		{"refused connection", unreachable, known},
		{"connection lost after the body", breaks(false), unknown},
		{"connection lost after the events were stored", breaks(true), unknown},
		{"no answer in time", hangs, unknown},
		{"429", answers(429, "Too Many Requests\n"), known},
		{"400 because the upload broke", answers(400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: unexpected EOF"}]}`), known},
		{"500", answers(500, `{"message":"boom"}`), known},
		{"502 of a proxy", answers(502, "<html>Bad Gateway</html>"), unknown},
		{"503", answers(503, ""), known},
		{"504", answers(504, ""), unknown},
		{"524 of a proxy that waited too long", answers(524, ""), unknown},
		{"202", stores(answers(202, "")), unknown},
		{"204", stores(answers(204, "")), unknown},
		{"408", answers(408, ""), unknown},
		{"200 with garbage", stores(answers(200, "<html>hello</html>")), unknown},
		{"200 with nothing", stores(answers(200, "")), unknown},
		{"200 cut off", stores(answers(200, all[:len(all)-20])), unknown},
		{"200 cut off by the network", stores(cutOff(200, all[:50])), unknown},
		{"200 whole, then a network error", stores(cutOff(200, all)), unknown},
		{"200 that counts too few", stores(answers(200, `{"acceptedCount":2,"results":[]}`)), unknown},
		{"200 that counts too many", stores(answers(200, `{"acceptedCount":4}`)), unknown},
		{"200 that counts nothing", stores(answers(200, `{}`)), unknown},
		{"200 with an index out of range", stores(answers(200, `{"acceptedCount":2,"rejectedCount":1,"results":[{"index":3,"status":"rejected"}]}`)), unknown},
		{"200 with a negative index", stores(answers(200, `{"acceptedCount":2,"rejectedCount":1,"results":[{"index":-1,"status":"rejected"}]}`)), unknown},
		{"200 with an index twice", stores(answers(200, `{"acceptedCount":1,"rejectedCount":2,"results":[{"index":1,"status":"rejected"},{"index":1,"status":"rejected"}]}`)), unknown},
		{"200 that names no rejected event", stores(answers(200, `{"acceptedCount":2,"rejectedCount":1,"results":[]}`)), unknown},
		{"200 over 1 MiB", stores(answers(200, all+strings.Repeat(" ", 1<<20))), unknown},
		{"a transport that panics at once", panics(false), known},
		{"a transport that panics after the body", panics(true), unknown},
		{"a transport that returns nothing", nothing, known},
		{"a transport that returns a nil error of a type, which panics", fails((*url.Error)(nil)), known},
		{"a transport that returns a nil error of a type, which has a text", fails((*net.OpError)(nil)), known},
		{"a transport whose reply has no body", stores(withBody(nil)), unknown},
		{"a transport whose body panics", stores(withBody(io.NopCloser(readFunc(func([]byte) (int, error) { panic("the body is broken") })))), unknown},
		{"400 cut off, which may be any 400", cutOff(400, `{"viol`), known},
	}
	for _, tt := range tests {
		for _, reuseKeys := range []bool{false, true} {
			name := tt.name
			if reuseKeys {
				name += ", ReuseKeys"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := newGateway(t, tt.act)
					client := newClient(t, g, func(cfg *causality.Config) { cfg.ReuseKeys = reuseKeys })
					track(client, 0, 3)
					flush(t, client)
					s := balanced(t, client)
					requests := g.got()
					if len(requests) != 2 || s.Requests != 2 || s.Retries != 1 || s.Delivered != 3 || s.LastError == "" {
						t.Fatalf("%d requests, %+v", len(requests), s)
					}
					if (s.Uncertain == 3) != tt.want || s.Uncertain%3 != 0 {
						t.Errorf("Uncertain is %d", s.Uncertain)
					}
					first, second := requests[0].events, requests[1].events
					if first == nil {
						return // it was never read
					}
					wantNew := tt.want && !reuseKeys
					for i := range first {
						if first[i].ID != second[i].ID {
							t.Errorf("event %d has another id", i)
						}
						if isNew := first[i].Key != second[i].Key; isNew != wantNew {
							t.Errorf("event %d: new key: %v, want %v", i, isNew, wantNew)
						}
					}
					if !wantNew && !bytes.Equal(requests[0].body, requests[1].body) {
						t.Error("the repeat has other bytes")
					}
				})
			})
		}
	}
}

func TestAReplyThatNeverEndsIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			resp := reply(200, "")
			resp.Body = io.NopCloser(readFunc(func([]byte) (int, error) {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}))
			return resp, nil
		})
		client := newClient(t, g, func(cfg *causality.Config) { cfg.Timeout = 2 * time.Second })
		track(client, 0, 3)
		flush(t, client)
		spread(t, "the repeat", between(g.got())[0]-2*time.Second, time.Second, 0.5, 1.5)
		if s := balanced(t, client); s.Uncertain != 3 {
			t.Errorf("%+v", s)
		}
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestABusyGatewayHoldsTheWholeClient(t *testing.T) {
	tests := []struct {
		name   string
		busy   answer
		at     time.Duration // the earliest that anything may be sent again
		within time.Duration
	}{
		{"429", answers(429, "Too Many Requests\n"), 500 * time.Millisecond, 1500 * time.Millisecond},
		{"429 with seconds", answers(429, "", "Retry-After", "7"), 7 * time.Second, 7 * time.Second},
		{"503 with seconds", answers(503, "", "Retry-After", "7"), 7 * time.Second, 7 * time.Second},
		{"503 with a date", func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			return answers(503, "", "Retry-After", time.Now().Add(9*time.Second).UTC().Format(http.TimeFormat))(g, r, got)
		}, 8 * time.Second, 9 * time.Second},
		{"an absurd wait", answers(503, "", "Retry-After", "86400"), time.Minute, time.Minute},
		{"a wait beyond any number", answers(503, "", "Retry-After", "99999999999999999999999"), time.Minute, time.Minute},
		{"a negative wait", answers(429, "", "Retry-After", "-5"), 500 * time.Millisecond, 1500 * time.Millisecond},
		{"a wait that is not one", answers(429, "", "Retry-After", "soon"), 500 * time.Millisecond, 1500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, tt.busy)
				client := newClient(t, g)
				track(client, 0, 50)
				synctest.Wait()
				track(client, 50, 150) // two deliveries more, which must wait too
				flush(t, client)
				requests := g.got()
				for _, r := range requests[1:] {
					if gap := r.at.Sub(requests[0].at); gap < tt.at || gap > tt.within {
						t.Errorf("a request went %v after the busy answer, want %v to %v", gap, tt.at, tt.within)
					}
				}
				wantStored(t, g, numbered(0, 150))
			})
		})
	}
}

func TestARetryAfterIsInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(answers(429, "Too Many Requests\n", "Retry-After", "3"))
		client := newClient(t, g)
		track(client, 0, 1)
		err := client.Flush()
		var answer *causality.GatewayError
		if !errors.As(err, &answer) || answer.StatusCode != 429 || answer.RetryAfter != 3*time.Second || answer.Message != "Too Many Requests" {
			t.Errorf("Flush: %v", err)
		}
		for _, gap := range between(g.got()) {
			if gap < 3*time.Second {
				t.Errorf("a repeat came after %v", gap)
			}
		}
	})
}

func TestTheGatewaysWordsAreInTheError(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"as JSON error", `{"error":"invalid API key"}` + "\n", "invalid API key"},
		{"as JSON message", `{"message":"boom"}`, "boom"},
		{"as violations", `{"violations":[{"field":"events.app_id","description":"too short"},{"field":"body","description":"bad"}]}`, "events.app_id: too short; bad"},
		{"as text", "404 page not found\n", "404 page not found"},
		{"as text over several lines", "<html>\n\t<b>no</b>\r\n</html>", "<html> <b>no</b> </html>"},
		{"as bytes that are no text", "\xff\xfe\x00\x1b[31m\u202e\u009bred\n", "\uFFFD\uFFFD\uFFFD\uFFFD[31m\uFFFD\uFFFDred"},
		{"as JSON of another form", `{"error":{"code":7}}`, `{"error":{"code":7}}`},
		{"as nothing", "", ""},
		{"as a flood", strings.Repeat("é", 5000), strings.Repeat("é", 250)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, answers(404, tt.body))
				client := newClient(t, g)
				track(client, 0, 1)
				var answer *causality.GatewayError
				if err := client.Flush(); !errors.As(err, &answer) || answer.Message != tt.want {
					t.Errorf("Flush: %q, want %q", err, tt.want)
				}
			})
		})
	}
}

func TestOnePausedClientAsksForAllItsBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(time.Millisecond, answers(401, `{"error":"invalid API key"}`))) // when all are under way
		client := newClient(t, g)
		track(client, 0, 200)
		time.Sleep(time.Second)
		before := g.count() // all slots, and two that ask whether it is the events
		time.Sleep(3 * time.Second)
		if before != 6 || g.count() != 6 {
			t.Errorf("%d requests, then %d", before, g.count())
		}
		time.Sleep(4 * time.Second)
		if sizes := g.sizes(); !slices.Equal(sizes, []int{50, 50, 50, 50, 1, 1, 1}) {
			t.Errorf("requests of %v events", sizes)
		}
	})
}
