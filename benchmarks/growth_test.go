package benchmarks

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// BenchmarkGrowth is how the cost of an event grows with what is in it, beside
// json.Marshal of the same values.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1, 3, 10, 30, 100} {
		var attrs []slog.Attr
		m := map[string]any{}
		for i := range n {
			key := fmt.Sprintf("property_%d", i)
			attrs = append(attrs, slog.String(key, "value"))
			m[key] = "value"
		}
		benchmarkGrowth(b, fmt.Sprintf("properties/n=%d", n), attrs, m)
	}
	for _, n := range []int{16, 256, 4 << 10, 64 << 10} {
		text := strings.Repeat("sixteen letters.", n/16)
		benchmarkGrowth(b, fmt.Sprintf("string/n=%d", n), []slog.Attr{slog.String("text", text)}, map[string]any{"text": text})
	}
	for _, n := range []int{1, 4, 16, 60} {
		a, m := slog.Int("leaf", 1), map[string]any{"leaf": 1}
		for range n {
			a, m = slog.Attr{Key: "group", Value: slog.GroupValue(a, slog.Int("beside", 2))}, map[string]any{"group": m, "beside": 2}
		}
		benchmarkGrowth(b, fmt.Sprintf("groups/n=%d", n), []slog.Attr{a}, m)
	}
}

func benchmarkGrowth(b *testing.B, name string, attrs []slog.Attr, m map[string]any) {
	b.Run(name+"/lib=json.Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(&causality.Event{AppID: "checkout", EventType: purchase.Type, Properties: m})
		}
	})
	b.Run(name+"/lib=causality", func(b *testing.B) {
		client := newClient(b)
		loop(b, client, func() { client.Track(causality.Event{EventType: purchase.Type, Attrs: attrs}) })
	})
}

// BenchmarkDerived is 10 000 loggers derived from one another by With, in chains of
// ten, and an event of each: a logger for every request.
func BenchmarkDerived(b *testing.B) {
	const loggers = 10_000
	derive := func(h slog.Handler) []*slog.Logger {
		root := slog.New(h)
		list := make([]*slog.Logger, 0, loggers)
		for i := range loggers {
			from := root
			if i%10 > 0 {
				from = list[i-1]
			}
			list = append(list, from.With("request_id", i))
		}
		return list
	}
	for _, l := range []struct {
		name    string
		handler func(*causality.Client) slog.Handler
	}{
		{"bare", func(*causality.Client) slog.Handler { return jsonHandler(slog.LevelInfo) }},
		{"causality", func(client *causality.Client) slog.Handler { return slogcausality.NewHandler(client) }},
	} {
		b.Run("with/lib="+l.name, func(b *testing.B) {
			h := l.handler(newClient(b).Client)
			logger := slog.New(h)
			b.ReportAllocs()
			for b.Loop() {
				logger.With("request_id", 1)
			}
		})
		b.Run("event/lib="+l.name, func(b *testing.B) {
			client := newClient(b)
			list, i := derive(l.handler(client.Client)), 0
			loop(b, client, func() {
				purchase.Slog(list[i%loggers], slog.LevelInfo, eventKey)
				i++
			})
		})
	}
}

// held is a gateway that answers once release is closed.
type held struct{ release chan struct{} }

func (h held) RoundTrip(req *http.Request) (*http.Response, error) {
	<-h.release
	return instant{new(sync.RWMutex)}.RoundTrip(req)
}

// BenchmarkQueue fills the queue while the gateway does not answer: how much
// memory it takes for each byte that it holds, and how much is left of it once all
// is sent.
func BenchmarkQueue(b *testing.B) {
	for range b.N {
		transport := held{make(chan struct{})}
		client, err := causality.New(causality.Config{
			APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "checkout",
			Transport: transport, Timeout: time.Minute, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			b.Fatal(err)
		}
		event := causality.Event{EventType: purchase.Type, UserID: purchase.UserID, Attrs: purchase.Attrs()}
		before := heap()
		for client.Stats().QueuedBytes < 30<<20 {
			client.Track(event)
		}
		full := heap()
		queued := client.Stats().QueuedBytes
		close(transport.release)
		if err := client.Flush(); err != nil {
			b.Fatal(err)
		}
		left := heap()
		b.ReportMetric((full-before)/float64(queued), "heap/encoded")
		b.ReportMetric((left-before)/float64(queued), "left/encoded")
		b.ReportMetric(float64(queued)/(1<<20), "MiB-queued")
		_ = client.Close()
	}
}

// heap is how much memory is in use. What a pool holds goes with the second
// collection.
func heap() float64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
