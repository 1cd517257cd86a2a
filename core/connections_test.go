package causality_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// A connection of HTTP/2 carries every request of a client. One that is sick costs
// the request that meets it, and the next take another.
func TestASickConnectionOfHTTP2CostsOneTimeout(t *testing.T) {
	// The default Transport trusts the roots of the system, which are read once:
	// in another process they are the test's.
	const marker = "CAUSALITY_TEST_OF_HTTP2"
	if os.Getenv(marker) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestASickConnectionOfHTTP2CostsOneTimeout$", "-test.v")
		roots := filepath.Join(t.TempDir(), "roots.pem")
		server := httptest.NewTLSServer(nil)
		server.Close()
		if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(os.Environ(), marker+"=1", "SSL_CERT_FILE="+roots)
		out, err := cmd.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Fatal(err)
		}
		return
	}

	for _, tt := range []struct {
		name string
		// sick is what the server does on the first connection, and freeze whether
		// the network forgets that one.
		sick   func(http.ResponseWriter, *http.Request)
		freeze bool
	}{
		{name: "the network forgets it", freeze: true},
		{name: "the server resets every stream", sick: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{name: "the server reads nothing", sick: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "the server never answers", sick: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}},
		{name: "the server never ends its answer", sick: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{"acceptedCount":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var first atomic.Value // the address of the first connection
			var isSick atomic.Bool
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 {
					t.Errorf("the request is %s", r.Proto)
				}
				first.CompareAndSwap(nil, r.RemoteAddr)
				if isSick.Load() && tt.sick != nil && r.RemoteAddr == first.Load() {
					tt.sick(w, r)
					return
				}
				body, _ := io.ReadAll(r.Body)
				events := strings.Count(string(body), "\n") - 1
				fmt.Fprintf(w, `{"acceptedCount":%d,"results":[%s]}`, events, strings.TrimSuffix(strings.Repeat(`{"status":"accepted"},`, events), ","))
			}))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.CloseClientConnections()
			network := newNetwork(t, server.Listener.Addr().String())
			client, err := causality.New(causality.Config{
				APIKey: testKey, AppID: "checkout", Endpoint: "https://" + network.addr(), Timeout: time.Second,
				FlushInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			track(client, 0, 10)
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
			isSick.Store(true)
			if tt.freeze {
				network.freeze()
			}
			start := time.Now()
			large := strings.Repeat("x", 100_000) // more than a window
			for n := range 10 {
				client.Track(causality.Event{EventType: "e", Properties: map[string]any{"n": n, "large": large}})
			}
			for client.Stats().Delivered < 20 && time.Since(start) < 20*time.Second {
				time.Sleep(10 * time.Millisecond)
			}
			t.Logf("delivered after %v: %+v", time.Since(start).Round(time.Millisecond), client.Stats())
			// Timeout, and what it takes to ask again.
			if took := time.Since(start); took > 11*time.Second || client.Stats().LastError == "" {
				t.Errorf("it took %v: %+v", took, client.Stats())
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// network passes bytes on to a server, until it forgets the connections that it has.
type network struct {
	listener net.Listener
	mu       sync.Mutex
	frozen   []*atomic.Bool
}

func newNetwork(t *testing.T, to string) *network {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			frozen := new(atomic.Bool)
			n.mu.Lock()
			n.frozen = append(n.frozen, frozen)
			n.mu.Unlock()
			t.Cleanup(func() { client.Close(); server.Close() })
			go pass(server, client, frozen)
			go pass(client, server, frozen)
		}
	}()
	return n
}

func pass(to, from net.Conn, frozen *atomic.Bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			to.Close()
			return
		}
		if !frozen.Load() {
			_, _ = to.Write(buf[:n])
		}
	}
}

func (n *network) addr() string { return n.listener.Addr().String() }

func (n *network) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, frozen := range n.frozen {
		frozen.Store(true)
	}
}
