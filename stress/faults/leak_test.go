package faults

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestAThousandClientsLeaveNothingBehind(t *testing.T) {
	clients := 1000
	if testing.Short() {
		clients = 100
	}
	l := newLight(func(req *http.Request, events int) int {
		switch req.URL.Path[:2] {
		case "/2": // hangs until the client goes away
			<-req.Context().Done()
			return 0
		case "/3":
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	var open atomic.Int64
	srv := httptest.NewUnstartedServer(l)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
	srv.Start()
	defer srv.Close()

	goroutines, files := runtime.NumGoroutine(), openFiles()
	ids := make(chan int)
	var wg sync.WaitGroup
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range ids {
				// None, delivered, hanging, refused; and a Flush that runs.
				n := i % 4
				// Not newClient, whose cleanup would be a thousand.
				client, err := causality.New(causality.Config{
					APIKey: Key, Endpoint: fmt.Sprintf("%s/%d", srv.URL, n), AppID: "faults", Logger: newQuiet(),
				})
				if err != nil {
					t.Error(err)
					return
				}
				trackSome(client, n)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				if n >= 2 {
					cancel()
					ctx, cancel = context.WithTimeout(t.Context(), 5*time.Millisecond)
					if i%8 >= 4 {
						go client.Flush()
					}
				}
				if err := client.Shutdown(ctx); (err == nil) != (n < 2) {
					t.Errorf("Shutdown: %v", err)
				}
				cancel()
				if s := client.Stats(); s.Queued != 0 || int(s.Tracked) != n {
					t.Errorf("%+v", s)
				}
			}
		}()
	}
	for i := range clients {
		ids <- i
	}
	close(ids)
	wg.Wait()

	// The server notices a moment later that its clients are gone.
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if runtime.NumGoroutine() <= goroutines && openFiles() <= files && open.Load() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 64<<10)
	t.Errorf("%d goroutines and %d files more than before, %d connections open\n%s",
		runtime.NumGoroutine()-goroutines, openFiles()-files, open.Load(), stacks[:runtime.Stack(stacks, true)])
}

// openFiles counts the descriptors of this process, where the system tells.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
