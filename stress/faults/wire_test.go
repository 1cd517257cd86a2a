package faults

import (
	"bytes"
	"crypto/tls"
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
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The faults of connections once more, on a network that the operating system
// makes and with the client's own pool, so in real time.
func TestFaultsOfConnectionsOnLoopback(t *testing.T) {
	// They mostly wait, so all at a time: t.Parallel would let only as many run
	// as there are processors.
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, chapter := range Catalogue() {
		for _, f := range chapter.Faults {
			if !f.Wire {
				continue
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				t.Run(f.Name, func(t *testing.T) { onLoopback(t, *f) })
			}()
		}
	}
}

func onLoopback(t *testing.T, f Fault) {
	f.Events, f.PerSecond = 200, 0
	f.Config = func(cfg *causality.Config) { cfg.Timeout = 3 * time.Second }
	g, err := ListenGateway("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	m, err := Measure(&f, g)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Errorf("%v\n%v", err, m)
	}
}

func TestAGatewayThatIsNotThereYetGetsTheEventsWhenItIs(t *testing.T) {
	// A port that was free a moment ago.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	client := newClient(t, nil, func(cfg *causality.Config) { cfg.Endpoint = "http://" + addr; cfg.MaxRetries = -1 })
	trackSome(client, 10)
	if err := client.Flush(); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("Flush: %v", err)
	}
	g, err := ListenGateway(addr, nil)
	if err != nil {
		t.Skipf("somebody else took the port: %v", err)
	}
	defer g.Close()
	if err := client.Flush(); err != nil {
		t.Error(err)
	}
	if n := len(g.Stored()); n != 10 {
		t.Errorf("%d stored", n)
	}
	client.Close() // its connection, before the gateway waits for that
}

func TestACertificateThatIsNotTrustedKeepsTheEvents(t *testing.T) {
	srv := httptest.NewUnstartedServer(fakegateway.New())
	var complaints bytes.Buffer
	srv.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&complaints, nil), slog.LevelError)
	srv.StartTLS()
	defer srv.Close()
	client := newClient(t, nil, func(cfg *causality.Config) {
		cfg.Endpoint = srv.URL
		cfg.MaxRetries = -1
		cfg.CloseTimeout = 10 * time.Millisecond
	})
	trackSome(client, 10)
	if err := client.Flush(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Flush: %v", err)
	}
	if s := client.Stats(); s.Queued != 10 {
		t.Errorf("%+v", s)
	}
	client.Close()
}

// Streams break, hang and are answered late while others of the same connection
// go on.
func TestHTTP2(t *testing.T) {
	rec := fakegateway.New()
	rec.Script(
		fakegateway.Break(),
		fakegateway.BreakAfter().Storing(1000),
		fakegateway.Hang().Storing(1000),
		fakegateway.Status(503),
		fakegateway.Accept().Delay(50*time.Millisecond),
	)
	var others atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.ProtoMajor != 2 {
			others.Add(1)
		}
		rec.ServeHTTP(w, req)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	var heard heard
	client := newClient(t, transport, func(cfg *causality.Config) {
		cfg.Endpoint = srv.URL
		cfg.Timeout = 400 * time.Millisecond
		cfg.OnDrop = heard.dropped
	})
	const events = 1000
	m := Measured{Fault: &Fault{Events: events}}
	m.trackAll(client)
	if err := client.Flush(); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	a := audit(events, storedIn(rec), heard.drops)
	if s := client.Stats(); a.Stored != events || a.Doubled == 0 || a.Doubled > 100 || len(a.Contradictions) > 0 || s.Delivered != events || s.Uncertain == 0 {
		t.Errorf("%+v, %+v", a, s)
	}
	if n := others.Load(); n != 0 {
		t.Errorf("%d requests did not come by HTTP/2", n)
	}
}

func TestOneProcessorIsEnough(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	g, err := ListenGateway("", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	client := newClient(t, nil, func(cfg *causality.Config) { cfg.Endpoint = g.Endpoint() })
	trackSome(client, 5000)
	if err := client.Flush(); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if n := len(g.Stored()); n != 5000 {
		t.Errorf("%d stored", n)
	}
}
