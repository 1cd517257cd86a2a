package causality_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestEventJSONNames(t *testing.T) {
	tests := []struct {
		name  string
		event causality.Event
		want  string
	}{
		{"an empty event has only what every event has", causality.Event{}, `{"app_id":"","event_type":""}`},
		{"a full event", causality.Event{
			AppID: "checkout", EventType: "purchase_complete", IdempotencyKey: "k", TimestampMs: 1795421601849,
			DeviceID: "web-3", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
			Properties: map[string]any{"order_id": "o-42", "total_cents": 1999},
		}, `{"app_id":"checkout","event_type":"purchase_complete","idempotency_key":"k","timestamp_ms":1795421601849,` +
			`"device_id":"web-3","user_id":"u-1","session_id":"s-9","correlation_id":"req-7",` +
			`"properties":{"order_id":"o-42","total_cents":1999}}`},
		{"Attrs are not in it", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1)}}, `{"app_id":"","event_type":""}`},
		{"empty properties are left out", causality.Event{Properties: map[string]any{}}, `{"app_id":"","event_type":""}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := json.Marshal(tt.event)
			if err != nil || string(text) != tt.want {
				t.Errorf("got  %s (%v)\nwant %s", text, err, tt.want)
			}
			var back causality.Event
			if err := json.Unmarshal(text, &back); err != nil || back.AppID != tt.event.AppID || back.TimestampMs != tt.event.TimestampMs {
				t.Errorf("read back as %+v (%v)", back, err)
			}
		})
	}
}

func TestServerContextJSONNames(t *testing.T) {
	text, _ := json.Marshal(causality.ServerContext{Hostname: "h", GoVersion: "g", SDKVersion: causality.SDKVersion})
	if string(text) != `{"hostname":"h","go_version":"g","sdk_version":"0.1.0"}` {
		t.Errorf("got %s", text)
	}
}

// serve starts a real server, for a client with the default Transport.
func serve(t *testing.T, handler http.HandlerFunc) (*httptest.Server, func(*causality.Config)) {
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return srv, func(cfg *causality.Config) { cfg.Endpoint = srv.URL; cfg.MaxRetries = -1 }
}

// took answers as the gateway does when it took all the events.
func took(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"acceptedCount":%d}`, strings.Count(string(body), `{"id":`))
}

func TestTheRequestOnTheWire(t *testing.T) {
	for base, want := range map[string]string{
		"": "/v1/events/batch", "/": "/v1/events/batch", "//": "/v1/events/batch",
		"/base": "/base/v1/events/batch", "/base/": "/base/v1/events/batch", "/a%2Fb/c": "/a%2Fb/c/v1/events/batch",
	} {
		var got *http.Request
		srv, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			got = r
			took(w, r)
		})
		client := newClient(t, nil, at, func(cfg *causality.Config) { cfg.Endpoint = srv.URL + base })
		track(client, 0, 2)
		flush(t, client)
		if got.Method != "POST" || got.RequestURI != want || got.ContentLength < 100 || len(got.TransferEncoding) > 0 {
			t.Errorf("%q: %s %s, Content-Length %d", base, got.Method, got.RequestURI, got.ContentLength)
		}
		h := got.Header
		if h.Get("Content-Type") != "application/json" || h.Get("X-API-Key") != testKey || !strings.HasPrefix(h.Get("User-Agent"), "causality-go/0.1.0 (") {
			t.Errorf("headers %v", h)
		}
		if h.Get("Content-Encoding") != "" { // gateway: it inflates nothing
			t.Errorf("the body is encoded: %v", h)
		}
	}
}

func TestARedirectIsNotFollowedAndTheKeyGoesNowhereElse(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var strays atomic.Int32
		elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strays.Add(1) }))
		defer elsewhere.Close()
		_, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/v1/events/batch", status)
		})
		client := newClient(t, nil, at)
		track(client, 0, 1)
		var answer *causality.GatewayError
		if err := client.Flush(); !errors.As(err, &answer) || answer.StatusCode != status {
			t.Errorf("%d: Flush: %v", status, err)
		}
		if n := strays.Load(); n != 0 {
			t.Errorf("%d: %d requests went elsewhere", status, n)
		}
	}
}

func TestConnectionsAreUsedAgainWhateverTheAnswer(t *testing.T) {
	large := `{"acceptedCount":1}` + strings.Repeat(" ", 300_000)
	replies := []func(w http.ResponseWriter, r *http.Request){
		took,
		func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, strings.Repeat("no such page ", 5000), http.StatusNotFound)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, strings.Repeat("busy ", 5000), http.StatusServiceUnavailable)
		},
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "garbage") },
		func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, large) },
		took,
	}
	var mu sync.Mutex
	connections := map[string]bool{}
	requests := 0
	_, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		reply := replies[requests%len(replies)]
		requests++
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		reply(w, r)
	})
	// A client that was refused waits before it asks again; another does not.
	pool := &http.Transport{}
	defer pool.CloseIdleConnections()
	for n := range 3 * len(replies) {
		client := newClient(t, pool, at)
		track(client, n, n+1)
		_ = client.Flush()
	}
	mu.Lock()
	defer mu.Unlock()
	if len(connections) != 1 || requests != 3*len(replies) {
		t.Errorf("%d requests came over %d connections", requests, len(connections))
	}
}

func TestNoMoreConnectionsThanRequestsInFlight(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	all := make(chan bool)
	_, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		if len(connections) == 3 {
			select {
			case <-all:
			default:
				close(all)
			}
		}
		mu.Unlock()
		<-all // until three are under way
		took(w, r)
	})
	client := newClient(t, nil, at, batchSize(10), maxInFlight(3), func(cfg *causality.Config) { cfg.MaxBatchSize = 10 })
	track(client, 0, 500)
	flush(t, client)
	if len(connections) != 3 {
		t.Errorf("%d connections", len(connections))
	}
	if s := balanced(t, client); s.Delivered != 500 || s.Requests != 50 {
		t.Errorf("%+v", s)
	}
}

func TestHTTP2(t *testing.T) {
	var proto atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(int32(r.ProtoMajor))
		took(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	client := newClient(t, srv.Client().Transport, func(cfg *causality.Config) { cfg.Endpoint = srv.URL })
	track(client, 0, 3000)
	flush(t, client)
	if s := balanced(t, client); s.Delivered != 3000 || proto.Load() != 2 {
		t.Errorf("HTTP/%d, %+v", proto.Load(), s)
	}
}

// A listener that does what no http.Handler can.
func TestConnectionsThatBreak(t *testing.T) {
	tests := []struct {
		name      string
		serve     func(conn net.Conn)
		uncertain int64
	}{
		{"closed as soon as it is made", func(net.Conn) {}, 3},
		{"closed after the headers", func(conn net.Conn) { readHeaders(conn) }, 3},
		{"closed after the body", func(conn net.Conn) { readRequest(conn) }, 3},
		{"closed within the status line", func(conn net.Conn) { readRequest(conn); fmt.Fprint(conn, "HTTP/1.1 2") }, 3},
		{"closed within the reply", func(conn net.Conn) {
			readRequest(conn)
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"acceptedCount\":3")
		}, 3},
		{"not HTTP", func(conn net.Conn) { readRequest(conn); fmt.Fprint(conn, "SSH-2.0-OpenSSH_9.6\r\n") }, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for n := 0; ; n++ {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					if n == 0 {
						tt.serve(conn)
					} else {
						fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 19\r\n\r\n{\"acceptedCount\":%d}", readRequest(conn))
					}
					conn.Close()
				}
			}()
			client := newClient(t, nil, func(cfg *causality.Config) {
				cfg.Endpoint = "http://" + listener.Addr().String()
				cfg.MaxRetries = -1
			})
			track(client, 0, 3)
			flush(t, client)
			if s := client.Stats(); s.LastError == "" {
				t.Error("no failure is noted")
			}
			// Whether the body began to go before the connection was gone is
			// the network's secret.
			if s := balanced(t, client); s.Delivered != 3 || s.Uncertain != 0 && s.Uncertain != tt.uncertain {
				t.Errorf("%+v", s)
			}
		})
	}
}

func readHeaders(conn net.Conn) *bufio.Reader {
	r := bufio.NewReader(conn)
	for {
		if line, err := r.ReadString('\n'); err != nil || line == "\r\n" {
			return r
		}
	}
}

// readRequest reads one request and returns how many events are in it.
func readRequest(conn net.Conn) int {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return 0
	}
	body, _ := io.ReadAll(req.Body)
	return strings.Count(string(body), `{"id":`)
}

func TestARefusedConnectionIsInTheError(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	client := newClient(t, nil, func(cfg *causality.Config) { cfg.Endpoint = "http://" + address; cfg.MaxRetries = -1 })
	track(client, 0, 1)
	err = client.Flush()
	var dial *net.OpError
	if !errors.As(err, &dial) || !strings.Contains(err.Error(), "the gateway cannot be reached") {
		t.Errorf("Flush: %v", err)
	}
}

func TestARequestTimesOut(t *testing.T) {
	release := make(chan bool)
	_, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	})
	defer close(release)
	client := newClient(t, nil, at, func(cfg *causality.Config) { cfg.Timeout = 50 * time.Millisecond })
	track(client, 0, 1)
	if err := client.Flush(); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("Flush: %v", err)
	}
}

func TestAClosedClientLeavesNoGoroutine(t *testing.T) {
	_, at := serve(t, took)
	before := runtime.NumGoroutine()
	for range 20 {
		cfg := config(nil)
		at(&cfg)
		client, err := causality.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		track(client, 0, 300)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			var stacks [1 << 16]byte
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks[:], true)])
		}
	}
}
