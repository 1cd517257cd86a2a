package faults

import (
	"os"
	"testing"
	"time"
)

// With CAUSALITY_FAULTS_FULL=1 it is a million events and the default queue.
func TestAnOverloadCostsMemoryWithinItsBoundAndHoldsNobodyUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	events, maxQueueBytes := 50_000, 4<<20
	if os.Getenv("CAUSALITY_FAULTS_FULL") != "" {
		events, maxQueueBytes = 1_000_000, 32<<20
	}
	for _, tt := range []struct {
		name      string
		perSecond int
	}{
		{"into a gateway of 100 events a second", 100},
		{"into one that is gone", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := MeasureOverload(events, maxQueueBytes, tt.perSecond)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(o)
			if o.Live > o.Allowed() {
				t.Errorf("%d bytes live, over %d", o.Live, o.Allowed())
			}
			// Far from what it takes, and near enough to notice a Track that
			// waits for the network.
			if p99 := o.Track.P99; p99 > 50*time.Millisecond {
				t.Errorf("of a hundred Tracks one takes %v", p99)
			}
			s := o.Stats
			if s.Tracked != int64(events) || s.Tracked != s.Delivered+s.Dropped.Total() || s.Queued != 0 || s.Dropped.QueueFull == 0 || s.Dropped.Closed == 0 {
				t.Errorf("%+v", s)
			}
			// What was under way at the deadline may have been stored.
			if o.Stored < int(s.Delivered) || o.Stored > int(s.Delivered)+4*50 {
				t.Errorf("%d stored, %d delivered", o.Stored, s.Delivered)
			}
			if o.CloseErr == nil || o.Close > 5*time.Second {
				t.Errorf("Close took %v: %v", o.Close, o.CloseErr)
			}
		})
	}
}
