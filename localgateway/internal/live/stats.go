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
	Minutes    Minutes      `json:"minutes"`           // of all types
	Types      []TypeCounts `json:"types"`             // of stored events, the most frequent first
}

// Minutes are counts of events, of each of the last 30 minutes, the newest last.
type Minutes struct {
	Stored    []int `json:"stored"`
	Duplicate []int `json:"duplicate"`
	Refused   []int `json:"refused"` // rejected ones, and those of refused requests
}

// TypeCounts are the stored events of one category and type, as the warehouse
// has them.
type TypeCounts struct {
	Category string `json:"category,omitempty"`
	Type     string `json:"type"`
	Total    int    `json:"total"`
	Minutes  []int  `json:"minutes"` // the last 30, the newest last
}

type stats struct {
	mu     sync.Mutex
	totals Stats
	types  map[typeName]*minutes

	stored, duplicate, refused minutes
}

type typeName struct{ category, name string }

// minutes counts, in total and of each of the last minutes.
type minutes struct {
	total  int
	newest int64            // the minute, since 1970
	ring   [keptMinutes]int // by minute modulo its length
}

func newStats(now time.Time) *stats {
	return &stats{totals: Stats{Since: now.UnixMilli()}, types: make(map[typeName]*minutes)}
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// add counts one request with its records.
func (s *stats) add(now time.Time, records []*Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals.Requests++
	minute := minuteOf(now)
	for _, r := range records {
		switch r.Outcome {
		case Stored:
			s.totals.Stored++
			s.stored.add(minute, 1)
			s.typeOf(r).add(minute, 1)
		case Duplicate:
			s.totals.Duplicates++
			s.duplicate.add(minute, 1)
		case Rejected:
			s.totals.Rejected++
			s.refused.add(minute, 1)
		case Refused:
			s.totals.Refused++
			s.refused.add(minute, max(1, r.Events))
		}
	}
}

func (s *stats) typeOf(r *Record) *minutes {
	name := typeName{r.Category, cut(r.Type, maxTypeBytes)}
	c := s.types[name]
	if c == nil && len(s.types) >= maxTypes {
		name = typeName{"", otherTypes}
		c = s.types[name]
	}
	if c == nil {
		c = new(minutes)
		s.types[name] = c
	}
	return c
}

func (m *minutes) add(minute int64, n int) {
	m.turn(minute)
	m.total += n
	m.ring[minute%keptMinutes] += n
}

// turn empties the minutes that passed without an event.
func (m *minutes) turn(minute int64) {
	for at := max(m.newest+1, minute-keptMinutes+1); at <= minute; at++ {
		m.ring[at%keptMinutes] = 0
	}
	m.newest = max(m.newest, minute)
}

// list is what was counted in each minute, the newest last.
func (m *minutes) list(minute int64) []int {
	m.turn(minute)
	list := make([]int, keptMinutes)
	for i := range list {
		list[i] = m.ring[(minute+1+int64(i))%keptMinutes]
	}
	return list
}

func (s *stats) read(now time.Time) Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	totals, minute := s.totals, minuteOf(now)
	totals.Minute = minute * 60_000
	totals.Minutes = Minutes{s.stored.list(minute), s.duplicate.list(minute), s.refused.list(minute)}
	totals.Types = make([]TypeCounts, 0, len(s.types))
	for name, c := range s.types {
		totals.Types = append(totals.Types, TypeCounts{name.category, name.name, c.total, c.list(minute)})
	}
	slices.SortFunc(totals.Types, func(a, b TypeCounts) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Category, b.Category))
	})
	return totals
}

func (s *stats) reset(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.totals = Stats{Since: now.UnixMilli()}
	clear(s.types)
	s.stored, s.duplicate, s.refused = minutes{}, minutes{}, minutes{}
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
