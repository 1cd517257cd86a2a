package live

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	keptMinutes  = 30
	maxTypes     = 200 // beyond, stored events count as otherTypes
	otherTypes   = "(other types)"
	maxTypeBytes = 256
)

// Stats are the counts since the start or the last reset.
type Stats struct {
	Since      int64        `json:"since_ms"`
	Requests   int          `json:"requests"`
	Stored     int          `json:"stored"`
	Duplicates int          `json:"duplicates"`
	Rejected   int          `json:"rejected"`
	Refused    int          `json:"refused"` // requests
	Kept       int          `json:"kept"`    // records in memory
	KeptBytes  int          `json:"kept_bytes"`
	Rows       *int         `json:"db_rows,omitempty"` // in the file of -db, of all runs
	Minute     int64        `json:"minute_ms"`         // when the newest minute began
	Types      []TypeCounts `json:"types"`             // of stored events, the most frequent first
}

// TypeCounts are the stored events of one type.
type TypeCounts struct {
	Type    string `json:"type"`
	Total   int    `json:"total"`
	Minutes []int  `json:"minutes"` // the last 30, the newest last
}

type stats struct {
	mu     sync.Mutex
	totals Stats
	types  map[string]*typeCounts
}

type typeCounts struct {
	total  int
	newest int64            // the minute, since 1970
	ring   [keptMinutes]int // by minute modulo its length
}

func newStats(now time.Time) *stats {
	return &stats{totals: Stats{Since: now.UnixMilli()}, types: make(map[string]*typeCounts)}
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// add counts one request with its records.
func (s *stats) add(now time.Time, records []*Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals.Requests++
	for _, r := range records {
		switch r.Outcome {
		case Stored:
			s.totals.Stored++
			s.typeOf(r.Type).add(minuteOf(now))
		case Duplicate:
			s.totals.Duplicates++
		case Rejected:
			s.totals.Rejected++
		case Refused:
			s.totals.Refused++
		}
	}
}

func (s *stats) typeOf(name string) *typeCounts {
	name = cut(name, maxTypeBytes)
	c := s.types[name]
	if c == nil && len(s.types) >= maxTypes {
		name = otherTypes
		c = s.types[name]
	}
	if c == nil {
		c = new(typeCounts)
		s.types[name] = c
	}
	return c
}

func (c *typeCounts) add(minute int64) {
	c.turn(minute)
	c.total++
	c.ring[minute%keptMinutes]++
}

// turn empties the minutes that passed without an event.
func (c *typeCounts) turn(minute int64) {
	for m := max(c.newest+1, minute-keptMinutes+1); m <= minute; m++ {
		c.ring[m%keptMinutes] = 0
	}
	c.newest = max(c.newest, minute)
}

func (s *stats) read(now time.Time) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	totals, minute := s.totals, minuteOf(now)
	totals.Minute = minute * 60_000
	totals.Types = make([]TypeCounts, 0, len(s.types))
	for name, c := range s.types {
		c.turn(minute)
		counts := TypeCounts{Type: name, Total: c.total, Minutes: make([]int, keptMinutes)}
		for i := range counts.Minutes {
			counts.Minutes[i] = c.ring[(minute+1+int64(i))%keptMinutes]
		}
		totals.Types = append(totals.Types, counts)
	}
	slices.SortFunc(totals.Types, func(a, b TypeCounts) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Type, b.Type))
	})
	return totals
}

func (s *stats) reset(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals = Stats{Since: now.UnixMilli()}
	clear(s.types)
}

// readStats adds what the journal knows.
func (s *Server) readStats() Stats {
	now := s.stats.read(s.options.Now())
	now.Kept, now.KeptBytes = s.journal.size()
	if s.options.Table != nil {
		rows := s.options.Table.Rows()
		now.Rows = &rows
	}
	return now
}
