package live

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

const (
	// What is remembered: the newest records, and no more than so many bytes of
	// them, since an event may have a megabyte.
	defaultMaxRecords = 10_000
	defaultMaxBytes   = 64 << 20

	// gateway: a million keys, and 1000 requests a second with a burst of 2000.
	maxKeys          = 1_000_000
	requestsASecond  = 1000
	burstOfRequests  = 2000
	decodesAtOnce    = 4   // each may take 100 MiB and more: a body of tiny properties grows so
	watchersAtOnce   = 64  // each costs a connection
	requestsWaiting  = 512 // slow and hanging ones, whose bodies are let go
	answerOverloaded = "the local gateway has too many requests at once"
)

// Options say how a Server behaves.
type Options struct {
	Key        string   // the only API key that is taken; empty: any
	Table      *Table   // where stored events are written; nil: nowhere
	Fault      Fault    // what is wrong at first
	Loopback   bool     // answer only to names of this machine, and to Hosts
	Hosts      []string // further names by which a browser may reach the page
	MaxRecords int      // default 10 000
	MaxBytes   int      // default 64 MiB

	Now func() time.Time // default time.Now
}

// Server is the handler. Make one with New; Close ends what waits in it.
type Server struct {
	options Options
	gateway *gateway.Gateway
	journal *journal
	stats   *stats
	mux     *http.ServeMux
	run     string // tells this run of the program from the one before

	faultMu sync.Mutex
	fault   Fault
	altered chan struct{} // closed when the fault changes

	requests atomic.Uint64
	events   atomic.Uint64 // for "one in n"
	bodies   *budget       // the memory of the bodies that are held
	decodes  chan struct{} // a token for each that is being decoded
	waiting  chan struct{} // and for each request that waits
	watchers chan struct{} // and for each that watches
	closing  chan struct{}
	close    func()
}

var _ http.Handler = (*Server)(nil)

// New makes a server and loads what its table holds.
func New(options Options) (*Server, error) {
	if options.MaxRecords <= 0 {
		options.MaxRecords = defaultMaxRecords
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = defaultMaxBytes
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := options.Fault.check(); err != nil {
		return nil, err
	}
	s := &Server{
		options:  options,
		journal:  newJournal(options.MaxRecords, options.MaxBytes),
		stats:    newStats(options.Now()),
		run:      fmt.Sprintf("%x", time.Now().UnixNano()),
		fault:    options.Fault,
		altered:  make(chan struct{}),
		bodies:   newBudget(),
		decodes:  make(chan struct{}, decodesAtOnce),
		waiting:  make(chan struct{}, requestsWaiting),
		watchers: make(chan struct{}, watchersAtOnce),
		closing:  make(chan struct{}),
	}
	s.close = sync.OnceFunc(func() { close(s.closing) })

	key := gateway.WithAnyKey()
	if options.Key != "" {
		key = gateway.WithKey(options.Key, "local")
	}
	s.gateway = gateway.New(key,
		gateway.WithRate(requestsASecond, burstOfRequests),
		gateway.WithKeyLimit(maxKeys),
		gateway.WithStoreLimit(1), // the journal keeps them
		gateway.WithPublish(s.publish),
		gateway.WithOnVerdict(func(ctx context.Context, v gateway.Verdict) { captureOf(ctx).add(v) }),
	)
	s.routes()
	return s, s.load()
}

func (s *Server) load() error {
	if s.options.Table == nil {
		return nil
	}
	rows, err := s.options.Table.newest(s.options.MaxRecords, s.options.MaxBytes)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r := recordOfRow(row)
		r.Outcome, r.Loaded, r.At = Stored, true, r.Time
		s.journal.add(r)
	}
	return nil
}

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	own := func(pattern string, serve http.HandlerFunc) { s.mux.HandleFunc(pattern, s.ownPages(serve)) }
	own("GET /{$}", servePage)
	own("GET /_local/events", s.serveEvents)
	own("GET /_local/events/{seq}", s.serveEvent)
	own("GET /_local/events/{seq}/body", s.serveBody)
	own("GET /_local/watch", s.serveWatch)
	own("GET /_local/stats", s.serveStats)
	own("GET /_local/fault", s.serveFault)
	own("POST /_local/fault", s.serveSetFault)
	own("POST /_local/reset", s.serveReset)
	own("/_local/", http.NotFound)
	// The page's own files hold nothing of what came. They are for everybody, so
	// that a page that is refused all else can say so.
	s.mux.HandleFunc("GET /_local/page/{file}", servePage)
}

// ServeHTTP answers everything under /_local/ and the page itself, and hands
// the rest to the gateway.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/_local/"),
		r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		s.mux.ServeHTTP(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions:
		s.fromClients(s.gateway.ServeHTTP)(w, r)
	default: // also of a wrong path, which somebody will want to see
		s.fromClients(s.serveCaptured)(w, r)
	}
}

// Close ends the streams and the requests that wait, so that a shutdown does
// not wait for them. It may be called more than once.
func (s *Server) Close() { s.close() }

// Len is the number of records that are kept.
func (s *Server) Len() int { n, _ := s.journal.size(); return n }
