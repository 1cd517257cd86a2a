package scaling

import (
	"fmt"
	"time"
)

// snippet: fleet
func Example() {
	// 400 processes of 150 events a second, in the gateway's own data centre, defaults:
	fmt.Printf("%.0f requests/s\n", requestRate(400, 150, 50, 30*time.Second))
	// The gateway limits an app to 1000 a second. With BatchSize 200:
	fmt.Printf("%.0f requests/s\n", requestRate(400, 150, 200, 30*time.Second))

	// A process that tracks 5000 events a second, 50 ms away, defaults:
	fmt.Printf("%.0f events/s can go out\n", perProcess(50, 4, 50*time.Millisecond))
	// While a backlog waits, requests grow to 1000 events by themselves:
	fmt.Printf("%.0f events/s can go out\n", perProcess(1000, 4, 50*time.Millisecond))

	// It survives an outage of
	fmt.Println(outage(32<<20, 5000).Round(time.Second), "with 32 MiB,")
	fmt.Println(outage(256<<20, 5000).Round(time.Second), "with MaxQueueBytes: 256 << 20,")
	// and has then caught up, if 10 000 a second are taken, after
	fmt.Println(recovery(107*time.Second, 5000, 10000).Round(time.Second))
	// Output:
	// 1200 requests/s
	// 300 requests/s
	// 3390 events/s can go out
	// 17391 events/s can go out
	// 13s with 32 MiB,
	// 1m47s with MaxQueueBytes: 256 << 20,
	// 1m47s
}

// end snippet
