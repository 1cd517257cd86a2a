package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// ChaosTimeout is the most that a client may wait for an answer. What a mood
// withholds it withholds for longer, or the client would have an answer that the
// account believes it has not: the shortest reply, to one event, has over 100 bytes.
const ChaosTimeout = 2 * time.Second

// Chaos is a script of moods, one after the other for a second or so each, and
// what only a gateway knows of the events that it met in them.
type Chaos struct {
	// ReuseKeys: the client has Config.ReuseKeys, and may lose what is accepted.
	ReuseKeys bool

	mu    sync.Mutex
	rng   *rand.Rand
	calm  bool
	mood  mood
	until time.Duration

	// unsure events were in a request whose answer the client did not get. lied
	// ones were in one whose keys were marked and whose events were not all
	// stored; of hidden ones a proxy answered that nothing was.
	unsure, lied, hidden map[string]bool
	// stalls is how often an event could not be published. It is held under
	// what makes the client give an event up.
	stalls map[string]int
	// trail is where each event has been seen.
	trail    map[int][]step
	restarts int
	moods    map[string]int // requests by mood
}

// step is one request that an event was in.
type step struct {
	at      time.Duration
	mood    string
	stalled bool // it could not be published
	limit   int  // how many of the request's events were stored, at most
	request *Seen
}

func (s step) String() string {
	return fmt.Sprintf("%v %q stalled %v limit %d of %d, answered %d, client gone %v", s.at, s.mood, s.stalled, s.limit, s.request.Events, s.request.Status, s.request.Gone)
}

// NewChaos returns the moods of a seed.
func NewChaos(seed uint64) *Chaos {
	return &Chaos{
		rng:    rand.New(rand.NewPCG(seed, 0)),
		unsure: make(map[string]bool),
		lied:   make(map[string]bool),
		hidden: make(map[string]bool),
		stalls: make(map[string]int),
		trail:  make(map[int][]step),
		moods:  make(map[string]int),
	}
}

// Calm ends all moods.
func (c *Chaos) Calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm = true
}

// Listen starts a gateway of these moods on loopback.
func (c *Chaos) Listen() (*Gateway, error) {
	g, err := ListenGateway("", nil)
	if err != nil {
		return nil, err
	}
	c.take(g)
	return g, nil
}

// take makes a gateway one of these moods.
func (c *Chaos) take(g *Gateway) {
	all := moods()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = func(_ int, at time.Duration) Act {
		c.mu.Lock()
		defer c.mu.Unlock()
		if at >= c.until {
			c.until = at + time.Duration(100+c.rng.IntN(1400))*time.Millisecond
			c.mood = all[0] // every third mood is good, so that something gets on
			if c.rng.IntN(3) > 0 {
				c.mood = all[c.rng.IntN(len(all))]
			}
			if c.rng.IntN(15) == 0 {
				g.restart()
				c.restarts++
			}
		}
		m := c.mood
		if c.calm {
			m = all[0]
		}
		c.moods[m.name]++
		return func(x *Exchange) bool { return c.play(m, x) }
	}
}

func (c *Chaos) play(m mood, x *Exchange) bool {
	if m.unread {
		return m.play(fakegateway.Accept())(x)
	}
	if !x.read(-1) {
		return false
	}
	numbers := numbersIn(x.Body)
	for at, n := range numbers {
		if poison := poisonOf(n); poison != nil {
			return poison(at)(x)
		}
	}
	answer := c.judge(m, x.record, numbers)
	return m.play(answer)(x)
}

// Witness is between a client and its network, and notes the events of each
// request that the client gets no answer to: on a busy machine it loses patience
// with a gateway in the best of moods.
func (c *Chaos) Witness(next http.RoundTripper) http.RoundTripper { return &witness{next, c} }

type witness struct {
	next  http.RoundTripper
	chaos *Chaos
}

func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := &copied{ReadCloser: req.Body}
	req = req.Clone(req.Context())
	req.Body = sent
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		w.chaos.unanswered(sent)
		return nil, err
	}
	resp.Body = &watched{ReadCloser: resp.Body, ctx: req.Context(), broken: func() { w.chaos.unanswered(sent) }}
	return resp, nil
}

func (c *Chaos) unanswered(sent *copied) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range sent.numbers() {
		c.unsure[eventName(n)] = true
	}
}

// copied keeps what is read of a request's body.
type copied struct {
	io.ReadCloser
	mu   sync.Mutex
	text []byte
}

func (b *copied) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p[:n]...)
	return n, err
}

func (b *copied) numbers() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return numbersIn(b.text)
}

// watched notices that a reply is not read to its end in time.
type watched struct {
	io.ReadCloser
	ctx    context.Context
	isRead bool
	broken func()
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.isRead = err == io.EOF && b.ctx.Err() == nil
	return n, err
}

func (b *watched) Close() error {
	if !b.isRead {
		b.broken()
	}
	return b.ReadCloser.Close()
}

// Some events are bad, each kind in its own way, by their number.
func rejectedForGood(n int) bool { return n%401 == 7 }

func isBad(n int) bool { return rejectedForGood(n) || poisonOf(n) != nil }

// poisonOf is how a bad event makes its request fail, whatever the mood; nil for a
// good one.
func poisonOf(n int) func(at int) Act {
	for i, p := range poisons {
		every := 997 + 100*i
		if p.slow {
			every *= 4
		}
		if n%every == 13+7*i {
			return p.act
		}
	}
	return nil
}

// BadEvents is how many of the events e0 … can never be stored.
func BadEvents(tracked int) int {
	bad := 0
	for n := range tracked {
		if isBad(n) {
			bad++
		}
	}
	return bad
}

var nameIn = regexp.MustCompile(`"event_name":"e(\d+)"`)

func numbersIn(body []byte) []int {
	var numbers []int
	for _, name := range nameIn.FindAllSubmatch(body, -1) {
		n, _ := strconv.Atoi(string(name[1]))
		numbers = append(numbers, n)
	}
	return numbers
}

// judge says what the gateway makes of the events of a request, one on each line
// from the second, and notes what it alone knows.
func (c *Chaos) judge(m mood, request *Seen, numbers []int) fakegateway.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	stalled := make(map[string]bool)
	for _, n := range numbers {
		name := eventName(n)
		if m.unsure {
			c.unsure[name] = true
		}
		if m.stall && c.stalls[name] < 3 && c.rng.IntN(4) == 0 {
			c.stalls[name]++
			stalled[name] = true
		}
	}
	a := fakegateway.Reject(func(e causality.Event) string {
		n, _ := strconv.Atoi(strings.TrimPrefix(e.EventType, "e"))
		switch {
		case rejectedForGood(n):
			return forGood
		case stalled[e.EventType]:
			return forNow
		}
		return ""
	})
	limit := len(numbers)
	if m.unsure && c.rng.IntN(2) == 0 {
		limit = c.rng.IntN(limit + 1)
	}
	for _, n := range numbers {
		c.trail[n] = append(c.trail[n], step{request.At, m.name, stalled[eventName(n)], limit, request})
	}
	if !m.unsure {
		return a
	}
	if limit < len(numbers) {
		for _, n := range numbers {
			c.lied[eventName(n)] = true
			c.hidden[eventName(n)] = m.hidden || c.hidden[eventName(n)]
		}
	}
	return a.Storing(limit)
}

// Account is what became of the events of a soak.
type Account struct {
	Tracked, Stored, Bad, Doubled, Vanished int
	Requests, Restarts                      int
	Moods                                   map[string]int
}

// Audit takes account of the events e0 … by what the gateway stored, what it
// knows, and what the client says. An error is an event whose fate does not make
// sense, or a count that does not fit.
func (c *Chaos) Audit(g *Gateway, tracked int, stats causality.Stats, drops []causality.DroppedEvent) (Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stored := g.Stored()
	base := audit(tracked, stored, drops)
	problems := base.Contradictions
	bad := func(ok bool, format string, args ...any) {
		if !ok && len(problems) < 20 {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	times := make(map[string]int, len(stored))
	for _, s := range stored {
		times[s.Name]++
	}
	dropped := make(map[string]causality.DroppedEvent, len(drops))
	for _, d := range drops {
		dropped[d.EventType] = d
	}
	counted := 0 // of the vanished, by Stats.Uncertain
	a := Account{Tracked: tracked, Stored: base.Stored, Requests: len(g.Seen()), Restarts: c.restarts, Moods: c.moods}
	for n := range tracked {
		name := eventName(n)
		switch k := times[name]; {
		case isBad(n):
			a.Bad++
			bad(k == 0, "%s is bad and was stored: %v", name, c.trail[n])
		case dropped[name].Err != nil:
			bad(false, "%s is good and was dropped: %v: %v", name, dropped[name].Err, c.trail[n])
		case k == 0:
			a.Vanished++
			if !c.hidden[name] {
				counted++
			}
			bad(c.lied[name] && c.ReuseKeys, "%s is lost, and no request can have lost it: %v", name, c.trail[n])
		case k > 1:
			a.Doubled++
			// It takes a new key, or a restart between two requests with the same
			// one.
			bad(c.unsure[name] && (!c.ReuseKeys || c.restarts > 0), "%s is stored %d times, and the client had its answer: %v", name, k, c.trail[n])
		}
	}
	bad(int(stats.Tracked) == tracked, "%d tracked by the client's count, %d by ours", stats.Tracked, tracked)
	bad(stats.Tracked == stats.Delivered+stats.Dropped.Total()+int64(stats.Queued), "the client's counts do not add up: %+v", stats)
	// Close may have had no time for the last of them.
	bad(int(stats.Dropped.Rejected+stats.Dropped.Closed) == a.Bad, "%+v dropped by the client's count, and %d bad events", stats.Dropped, a.Bad)
	bad(stats.Dropped.Total() == stats.Dropped.Rejected+stats.Dropped.Closed, "dropped for other reasons: %+v", stats.Dropped)
	bad(stats.Queued == 0, "%d events still wait", stats.Queued)
	bad(counted <= int(stats.Uncertain), "%d events vanished, over the %d that Stats.Uncertain counts", counted, stats.Uncertain)
	return a, errors.Join(problems...)
}
