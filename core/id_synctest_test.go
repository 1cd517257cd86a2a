//go:build go1.25

package causality_test

import (
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// A resend under a new key keeps the ID, also one of the user's.
func TestEventID_StaysWhenTheEventIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, breaks(false))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.ReuseKeys = false })
		client.Track(causality.Event{ID: `mine"`, EventType: "e"})
		flush(t, client)
		if got := g.events(); len(got) != 1 || got[0].ID != `mine"` || got[0].Name != "e" || len(got[0].Key) != 36 {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheClockOfABubbleIsNotInSeconds(t *testing.T) {
	// In a bubble it is 2000, and a record's time is the clock's.
	synctest.Test(t, func(t *testing.T) {
		if got := sent(t, nil, causality.Event{EventType: "e"}, causality.Event{EventType: "e", TimestampMs: time.Now().UnixMilli()}); len(got) != 2 {
			t.Errorf("%+v", got)
		}
	})
}
