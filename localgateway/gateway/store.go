package gateway

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Stored is one event as it would be on the stream. It is not changed after
// it was stored.
type Stored struct {
	Subject  string    // events.<app>.<category>.<name>
	ID       string    // the client's, or one that the gateway made
	Key      string    // the idempotency key, likewise
	AppID    string    // as sent
	Category string    // user, screen, interaction, commerce, system or custom
	Type     string    // the event's name; a custom event's as sent
	At       time.Time // when it was stored
	Wire     []byte    // the envelope in protobuf's binary form
}

// JSON returns the envelope as protojson with the names of the .proto file.
func (s *Stored) JSON() ([]byte, error) {
	sch, err := loadSchema()
	if err != nil {
		return nil, err
	}
	msg := dynamicpb.NewMessage(sch.envelope)
	if err := proto.Unmarshal(s.Wire, msg); err != nil {
		return nil, fmt.Errorf("gateway: stored event %s: %w", s.ID, err)
	}
	return protojson.MarshalOptions{UseProtoNames: true}.Marshal(msg)
}

// store keeps events in the order in which they were published. It holds the
// binary form, about the size of the JSON, so that a million events fit.
type store struct {
	mu     sync.Mutex
	limit  int // 0: none
	count  int
	events []*Stored
}

func (s *store) add(event *Stored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.events = append(s.events, event)
	// Drop in bulk: each event is then moved at most once.
	if s.limit > 0 && len(s.events) >= 2*s.limit {
		s.events = slices.Clone(s.newest())
	}
}

// newest is what the limit leaves; the caller holds mu.
func (s *store) newest() []*Stored {
	if s.limit > 0 && len(s.events) > s.limit {
		return s.events[len(s.events)-s.limit:]
	}
	return s.events
}

func (s *store) all() []*Stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.newest())
}

func (s *store) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count, s.events = 0, nil
}

// keyMemory remembers idempotency keys for a while, in two generations of half
// the window each.
//
// gateway: keys are remembered 5 to 10 minutes, across tenants, in one process.
// There it is a bloom filter that beyond a million keys takes fresh ones for
// seen; this memory is exact, so that a test of a million events can count.
type keyMemory struct {
	mu           sync.Mutex
	half         time.Duration
	turned       time.Time // when current began
	limit        int       // 0: none
	current, old map[keyDigest]struct{}
}

// keyDigest is kept in place of a key: keys may be long, and what is kept must
// not be.
type keyDigest [16]byte

func digest(key string) keyDigest {
	sum := sha256.Sum256([]byte(key))
	return keyDigest(sum[:])
}

func newKeyMemory(window time.Duration) *keyMemory {
	return &keyMemory{half: window / 2, current: make(map[keyDigest]struct{})}
}

// add notes a key and says whether it is new. A key that is seen again is not
// remembered any longer for it.
func (m *keyMemory) add(key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	d := digest(key)
	if _, seen := m.current[d]; seen {
		return false
	}
	if _, seen := m.old[d]; seen {
		return false
	}
	if m.limit > 0 && len(m.current) >= (m.limit+1)/2 {
		m.old, m.current = m.current, make(map[keyDigest]struct{})
		m.turned = now
	}
	m.current[d] = struct{}{}
	return true
}

func (m *keyMemory) turn(now time.Time) {
	switch since := now.Sub(m.turned); {
	case m.turned.IsZero():
		m.turned = now
	case since >= 2*m.half:
		m.old, m.current = nil, make(map[keyDigest]struct{})
		m.turned = now
	case since >= m.half:
		m.old, m.current = m.current, make(map[keyDigest]struct{})
		m.turned = m.turned.Add(m.half)
	}
}

func (m *keyMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.old, m.current = nil, make(map[keyDigest]struct{})
}
