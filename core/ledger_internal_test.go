package causality

import (
	"log/slog"
	"testing"
)

// Other events are rejected because the gateway stored something after they failed.
func TestAnEventThatIsGivenUpIsNoSignThatTheGatewayStores(t *testing.T) {
	q := newQueue(1 << 20)
	l := &ledger{queue: q, report: newReporter(&Config{Logger: slog.New(slog.DiscardHandler)})}
	push(q, encoded(1, 0))
	push(q, encoded(2, 0))
	bt := q.take(2, maxBodyBytes, nil)
	one, two := bt.split(1)
	one.request, two.request = 5, 7

	l.rejected(one, 0, "it failed alone too often")
	if l.storedAfter(4) {
		t.Error("an event that was given up counts as stored")
	}
	l.took(two.request)
	l.delivered(two, nil)
	if !l.storedAfter(6) || l.storedAfter(7) {
		t.Error("request 7 was stored, and it is the newest")
	}
	if s := l.snapshot(); s.Tracked != 2 || s.Delivered != 1 || s.Dropped.Rejected != 1 || s.Queued != 0 {
		t.Errorf("%+v", s)
	}
}
