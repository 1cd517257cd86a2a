package faults

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Overload is what became of more events than a gateway can take.
type Overload struct {
	Stats         causality.Stats
	Stored        int
	MaxQueueBytes int
	// Live is the heap that is in use beyond what was before, garbage not
	// counted, while the queue is full; Resident is the most memory that the
	// process ever had, in bytes.
	Live, Resident int64
	Track          Latency
	Close          time.Duration
	CloseErr       error
}

// Latency is how long calls took: the median, the slowest of a hundred, the
// slowest of all, and all of them together.
type Latency struct{ P50, P99, Max, Took time.Duration }

// trackers is how many goroutines track.
const trackers = 8

// MeasureOverload tracks events at full speed against a gateway of so many
// events a second, or against one that is not there if that is 0.
func MeasureOverload(events, maxQueueBytes, perSecond int) (*Overload, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	slow := &counter{perSecond: perSecond}
	endpoint := "http://" + ln.Addr().String()
	if perSecond == 0 {
		ln.Close() // connections are refused
	} else {
		srv := &http.Server{Handler: slow}
		go srv.Serve(ln)
		defer srv.Close()
	}
	before := liveHeap()
	client, err := causality.New(causality.Config{
		APIKey: Key, Endpoint: endpoint, AppID: "faults",
		MaxQueueBytes: maxQueueBytes,
		CloseTimeout:  time.Second,
		Logger:        slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	o := &Overload{MaxQueueBytes: maxQueueBytes}
	o.Track = measureLatency(events, func() { client.Track(causality.Event{EventType: "overload", UserID: "u-1"}) })
	o.Live = liveHeap() - before
	o.Resident = peakResident()
	began := time.Now()
	o.CloseErr = client.Close()
	o.Close = time.Since(began)
	o.Stats = client.Stats()
	o.Stored = int(slow.stored.Load())
	return o, nil
}

// MeasureMachine is the latency of as many calls that hash a kilobyte: what the
// machine itself adds when nothing else can.
func MeasureMachine(calls int) Latency {
	text := make([]byte, 1<<10)
	return measureLatency(calls, func() { sha256.Sum256(text) })
}

// measureLatency calls call from all trackers at once, so many times in all.
func measureLatency(calls int, call func()) Latency {
	latencies := make([][]time.Duration, trackers)
	for i := range latencies {
		latencies[i] = make([]time.Duration, calls/trackers)
	}
	start := time.Now()
	var wg sync.WaitGroup
	for _, mine := range latencies {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range mine {
				began := time.Now()
				call()
				mine[i] = time.Since(began)
			}
		}()
	}
	wg.Wait()
	took := time.Since(start)
	all := slices.Concat(latencies...)
	slices.Sort(all)
	return Latency{P50: all[len(all)/2], P99: all[len(all)*99/100], Max: all[len(all)-1], Took: took}
}

// Allowed is the most that Live may be: the queue, a body for each request under
// way, and a constant for connections, buffers and everything else.
func (o *Overload) Allowed() int64 { return int64(o.MaxQueueBytes) + 4<<20 + 4<<20 }

func (o *Overload) String() string {
	return fmt.Sprintf("%d tracked in %v, %d stored, %d delivered, dropped %v; %.1f MiB live of at most %.1f, %.1f MiB resident at most; Track took %v, p99 %v, max %v; Close took %v",
		o.Stats.Tracked, o.Track.Took.Round(time.Millisecond), o.Stored, o.Stats.Delivered, o.Stats.Dropped,
		float64(o.Live)/(1<<20), float64(o.Allowed())/(1<<20), float64(o.Resident)/(1<<20), o.Track.P50, o.Track.P99, o.Track.Max, o.Close)
}

func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first has only taken out of the pools
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// peakResident is the most memory that this process has had, where the system
// tells.
func peakResident() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10
}

// counter is a gateway that counts events and does not keep them.
type counter struct {
	perSecond int
	stored    atomic.Int64
}

func (c *counter) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	events := bytes.Count(body, []byte("\n")) - 1
	select {
	case <-time.After(time.Duration(events) * time.Second / time.Duration(c.perSecond)):
	case <-req.Context().Done():
		panic(http.ErrAbortHandler)
	}
	c.stored.Add(int64(events))
	_, _ = io.WriteString(w, accepted(events))
}

// accepted is the gateway's reply to so many events.
func accepted(events int) string {
	return fmt.Sprintf(`{"acceptedCount":%d,"results":[%s]}`, events,
		strings.TrimSuffix(strings.Repeat(`{"status":"accepted"},`, events), ","))
}
