package benchmarks

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/peers"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var attrs = peers.Library{Name: "causality", New: peers.CausalityAttrs}

// forms are the two ways to give Track its properties, each with those who take
// them likewise.
var forms = []struct {
	name      string
	libraries []peers.Library
}{
	{"attrs", []peers.Library{attrs, named("otel"), named("sentry")}},
	{"map", []peers.Library{{Name: "causality", New: peers.CausalityMap}, named("posthog"), named("axiom")}},
}

func named(name string) peers.Library {
	l, ok := peers.Find(peers.Trackers, name)
	if !ok {
		panic("no library " + name)
	}
	return l
}

// BenchmarkEnqueue is what one event costs its caller, while delivery runs beside
// it as fast as it can. The baseline is json.Marshal of the same event.
func BenchmarkEnqueue(b *testing.B) {
	for _, form := range forms {
		b.Run(form.name, func(b *testing.B) {
			b.Run("lib=json.Marshal", benchmarkMarshal)
			for _, l := range form.libraries {
				b.Run("lib="+l.Name, func(b *testing.B) { benchmarkEnqueue(b, l) })
			}
		})
	}
}

func benchmarkMarshal(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		marshal()
	}
}

func marshal() {
	// The fields that Track fills in.
	_, _ = json.Marshal(&causality.Event{
		AppID: "checkout", EventType: purchase.Type, IdempotencyKey: "afafc360-8f38-4352-8b1b-fe272b6b4e8d",
		TimestampMs: 1795421601849, DeviceID: "web-3", UserID: purchase.UserID, Properties: marshalled,
	})
}

var marshalled = purchase.Map()

func benchmarkEnqueue(b *testing.B, l peers.Library) {
	begin(b)
	s, err := l.New(arrivals.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	events := warmUp(s)
	for b.Loop() {
		s.Track()
		events++
	}
	s.Close()
	reportLost(b, events)
}

// warmUp sends events as slowly as the library wants, so that its connections, its
// memory and what it learns of the server are there. It returns how many.
func warmUp(s peers.Sender) int {
	const bursts = 10
	for range bursts {
		for range peers.Burst {
			s.Track()
		}
		s.Wait()
	}
	return bursts * peers.Burst
}

// BenchmarkEnqueueParallel is BenchmarkEnqueue from several goroutines at a time.
func BenchmarkEnqueueParallel(b *testing.B) {
	for _, form := range forms {
		b.Run(form.name, func(b *testing.B) {
			for _, l := range form.libraries {
				b.Run("lib="+l.Name, func(b *testing.B) {
					begin(b)
					s, err := l.New(arrivals.URL)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					var events atomic.Int64
					events.Store(int64(warmUp(s)))
					b.ResetTimer()
					b.RunParallel(func(pb *testing.PB) {
						n := 0
						for pb.Next() {
							s.Track()
							n++
						}
						events.Add(int64(n))
					})
					b.StopTimer()
					s.Close()
					reportLost(b, int(events.Load()))
				})
			}
		})
	}
}

// BenchmarkTrack is what Track takes of the goroutine that calls it, with nothing
// beside it, and what it gains from a second one.
func BenchmarkTrack(b *testing.B) {
	attrs := causality.Event{EventType: purchase.Type, UserID: purchase.UserID, Attrs: purchase.Attrs()}
	asMap := causality.Event{EventType: purchase.Type, UserID: purchase.UserID, Properties: purchase.Map()}
	b.Run("attrs/lib=json.Marshal", benchmarkMarshal)
	b.Run("attrs/lib=causality", func(b *testing.B) {
		client := newClient(b)
		loop(b, client, func() { client.Track(attrs) })
	})
	b.Run("map/lib=causality", func(b *testing.B) {
		client := newClient(b)
		loop(b, client, func() { client.Track(asMap) })
	})
	const events = 20_000 // in a burst
	for _, goroutines := range []int{1, 2} {
		// rounds calls f from so many goroutines, b.N times, and between after each
		// round, when the clock does not run.
		rounds := func(b *testing.B, f, between func()) {
			round := func(calls int) {
				var group sync.WaitGroup
				for range goroutines {
					group.Go(func() {
						for range calls / goroutines {
							f()
						}
					})
				}
				group.Wait()
				b.StopTimer()
				between()
				b.StartTimer()
			}
			round(events) // once, so that all memory is there
			b.ResetTimer()
			for left := b.N; left > 0; left -= events {
				round(min(left, events))
			}
		}
		b.Run(fmt.Sprintf("goroutines-%d/lib=json.Marshal", goroutines), func(b *testing.B) {
			rounds(b, marshal, func() {}) // shares nothing: what the machine gives
		})
		b.Run(fmt.Sprintf("goroutines-%d/lib=causality", goroutines), func(b *testing.B) {
			client := newClient(b)
			client.gate.Lock()
			rounds(b, func() { client.Track(attrs) }, func() { client.letGo(b) })
			client.gate.Unlock()
		})
	}
}

// TestEveryLibraryDelivers holds what each benchmark takes for granted.
func TestEveryLibraryDelivers(t *testing.T) {
	const events = 25
	for _, l := range peers.Trackers {
		t.Run(l.Name, func(t *testing.T) {
			begin(t)
			s, err := l.New(arrivals.URL)
			if err != nil {
				t.Fatal(err)
			}
			for range events {
				s.Track()
			}
			s.Wait()
			s.Close()
			wantArrived(t, events)
		})
	}
}

func wantArrived(t *testing.T, events int) {
	t.Helper()
	// Some do not wait for the answer to what they send at the end.
	for range 50 {
		if arrived(t) >= events {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := arrived(t); got != events {
		t.Errorf("%d events arrived, want %d", got, events)
	}
}
