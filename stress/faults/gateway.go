package faults

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// Script chooses what becomes of the n-th request, counted from 0, which came at
// a time after the start. It is called with the Gateway's lock held.
type Script func(n int, at time.Duration) Act

// Gateway is a gateway that does what a script says, and otherwise what the real
// one does.
type Gateway struct {
	// Dial, where it is set, is called in place of connecting: if it returns an
	// error there is no connection.
	Dial func(at time.Duration) error

	// frozen makes every request the first one, at the start, so that a fault
	// never ends.
	frozen bool

	script Script
	tls    *tlsSide // nil for plain http
	memory *memory  // nil on loopback
	ln     net.Listener
	start  time.Time
	wg     sync.WaitGroup
	// burials are under way.
	burials sync.WaitGroup

	mu      sync.Mutex
	life    *life
	kept    []Stored // of former lives
	seen    []*Seen
	keys    map[string]bool // that a slow gateway has seen
	answers map[string]fakegateway.Answer
	conns   map[net.Conn]bool
	closed  bool

	// turn is the one thing that all requests of a slow gateway share; size 1.
	// It is no mutex, because in a bubble no time passes while one is waited for.
	turn chan struct{}
}

// Seen is a request as the Gateway saw it.
type Seen struct {
	At     time.Duration // since the start
	Events int
	Bytes  int
	Status int // that was answered, in full; 0 for none
	// Gone: the client went away before it had its answer.
	Gone bool
}

// Stored is an event that the Gateway stored, by the name that it was tracked
// under.
type Stored struct{ ID, Name string }

// NewGateway starts a gateway on memory.
func NewGateway(script Script) *Gateway {
	m := newMemory()
	return newGateway(script, m, m)
}

// ListenGateway starts a gateway on loopback. An address of "" is a free port.
func ListenGateway(addr string, script Script) (*Gateway, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return newGateway(script, ln, nil), nil
}

func newGateway(script Script, ln net.Listener, m *memory) *Gateway {
	g := &Gateway{
		script:  script,
		memory:  m,
		ln:      ln,
		start:   time.Now(),
		answers: make(map[string]fakegateway.Answer),
		conns:   make(map[net.Conn]bool),
		keys:    make(map[string]bool),
		turn:    make(chan struct{}, 1),
	}
	if g.script == nil {
		g.script = func(int, time.Duration) Act { return Accept }
	}
	g.life = &life{rec: g.newRecorder()}
	g.wg.Add(1)
	go g.accept()
	return g
}

// exchangeHeader carries the number of an exchange to the Recorder, which asks
// for the answer that goes with it.
const exchangeHeader = "X-Exchange"

func (g *Gateway) newRecorder() *fakegateway.Gateway {
	rec := fakegateway.New()
	rec.Always(fakegateway.AnswerFunc(func(req fakegateway.Request) fakegateway.Answer {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.answers[req.Header.Get(exchangeHeader)]
	}))
	return rec
}

// Endpoint is the base URL.
func (g *Gateway) Endpoint() string {
	switch {
	case g.tls != nil:
		return "https://gateway.test"
	case g.memory != nil:
		return "http://localhost"
	}
	return "http://" + g.ln.Addr().String()
}

// Transport returns a connection pool to a gateway on memory, and nil, for the
// client's own, to one on loopback.
func (g *Gateway) Transport() http.RoundTripper {
	if g.memory == nil {
		return nil
	}
	return &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := g.memory.dial(ctx)
			if err != nil {
				return nil, err
			}
			return g.tls.client(ctx, conn, g.since())
		},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if g.Dial != nil {
				if err := g.Dial(g.since()); err != nil {
					return nil, err
				}
			}
			return g.memory.dial(ctx)
		},
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        45 * time.Second,
	}
}

func (g *Gateway) since() time.Duration {
	if g.frozen {
		return 0
	}
	return time.Since(g.start)
}

// life is the time from one start of the gateway to the next. What a request
// began in one life it ends there.
type life struct {
	rec      *fakegateway.Gateway
	requests int // under way
}

// restart forgets which keys were seen, as a process does that is killed. The
// warehouse keeps what is stored. The lock is held.
func (g *Gateway) restart() {
	former := g.life
	g.life = &life{rec: g.newRecorder()}
	g.bury(former)
}

// bury keeps what a former life has stored and lets go of the rest, once no
// request is under way in it. The lock is held, so it is done by another
// goroutine: requests must not wait for it.
func (g *Gateway) bury(former *life) {
	if former == g.life || former.requests > 0 {
		return
	}
	g.burials.Add(1)
	go func() {
		defer g.burials.Done()
		stored := storedIn(former.rec)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.kept = append(g.kept, stored...)
	}()
}

var eventNameIn = regexp.MustCompile(`"event_name":"([^"]*)"`)

func storedIn(rec *fakegateway.Gateway) []Stored {
	envelopes := rec.Envelopes()
	stored := make([]Stored, len(envelopes))
	for i, e := range envelopes {
		stored[i].ID = e.ID
		if name := eventNameIn.FindSubmatch(e.Raw); name != nil {
			stored[i].Name = string(name[1])
		}
	}
	return stored
}

// Stored returns what is stored, restarts or not, by requests that have ended.
func (g *Gateway) Stored() []Stored {
	g.burials.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return append(g.kept[:len(g.kept):len(g.kept)], storedIn(g.life.rec)...)
}

// Seen returns the requests so far.
func (g *Gateway) Seen() []Seen {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := make([]Seen, len(g.seen))
	for i, s := range g.seen {
		seen[i] = *s
	}
	return seen
}

// Close stops the gateway and waits until nothing of it runs.
func (g *Gateway) Close() {
	g.ln.Close()
	g.mu.Lock()
	g.closed = true
	for conn := range g.conns {
		conn.Close()
	}
	g.mu.Unlock()
	g.wg.Wait()
}

func (g *Gateway) accept() {
	defer g.wg.Done()
	for {
		conn, err := g.ln.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		if g.closed {
			g.mu.Unlock()
			conn.Close()
			return
		}
		if g.tls != nil {
			conn = g.tls.server(conn)
		}
		g.conns[conn] = true
		g.wg.Add(1)
		g.mu.Unlock()
		go g.serve(conn)
	}
}

// serve answers the requests of one connection, until one of them ends it.
func (g *Gateway) serve(conn net.Conn) {
	defer g.wg.Done()
	defer func() {
		conn.Close()
		g.mu.Lock()
		delete(g.conns, conn)
		g.mu.Unlock()
	}()
	r := bufio.NewReaderSize(conn, 64<<10)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		x := &Exchange{gateway: g, conn: conn, r: r, req: req, record: new(Seen)}
		g.mu.Lock()
		x.record.At = time.Since(g.start)
		n := len(g.seen)
		g.seen = append(g.seen, x.record)
		x.name = strconv.Itoa(n)
		if g.frozen {
			n = 0
		}
		act := g.script(n, g.since())
		g.mu.Unlock()
		keep := act(x)
		if x.peeked != nil {
			if !keep {
				conn.Close()
			}
			<-x.peeked
		}
		if !keep {
			return
		}
	}
}

// answer returns what the Recorder answers to a body, as it goes over the wire,
// or nil where it breaks the connection.
func (g *Gateway) answer(x *Exchange, a fakegateway.Answer) []byte {
	g.mu.Lock()
	life := g.life
	life.requests++
	g.answers[x.name] = a
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.answers, x.name)
		life.requests--
		g.bury(life)
	}()
	req := x.req.Clone(x.req.Context())
	req.Body = http.NoBody
	if len(x.Body) > 0 {
		req.Body = &bytesBody{*bytes.NewReader(x.Body)}
	}
	req.Header.Set(exchangeHeader, x.name)
	w := &response{header: make(http.Header)}
	if !w.from(life.rec, req) {
		return nil
	}
	return w.bytes(x.req)
}

type bytesBody struct{ bytes.Reader }

func (*bytesBody) Close() error { return nil }

// response is an http.ResponseWriter that keeps what is written.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *response) Header() http.Header         { return w.header }
func (w *response) Write(b []byte) (int, error) { return w.body.Write(b) }
func (w *response) WriteHeader(status int)      { w.status = status }

// from lets a handler write the response; false means that it broke the
// connection.
func (w *response) from(h http.Handler, req *http.Request) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			if err, isError := p.(error); !isError || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			ok = false
		}
	}()
	h.ServeHTTP(w, req)
	return true
}

func (w *response) bytes(req *http.Request) []byte {
	res := &http.Response{
		StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: w.header, ContentLength: int64(w.body.Len()), Body: &bytesBody{*bytes.NewReader(w.body.Bytes())},
	}
	var b bytes.Buffer
	_ = res.Write(&b) // into memory
	return b.Bytes()
}
