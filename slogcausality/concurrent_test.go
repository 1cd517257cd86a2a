package slogcausality_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// Many goroutines derive loggers from one parent and log at once: every event
// arrives, with its own attributes and no other's.
func TestConcurrentLoggingLosesAndMixesNothing(t *testing.T) {
	const goroutines, each = 16, 100
	client, rec := newClient(t)
	parent := slog.New(slogcausality.Tee(discard(), client)).With("p", "parent", slog.Group("g", "p", 1))

	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Add(1)
		go func() {
			defer wg.Done()
			own := parent.With("goroutine", g, "user_id", fmt.Sprint("u-", g))
			for i := range each {
				id := fmt.Sprintf("%d-%d", g, i)
				switch i % 4 {
				case 0:
					own.Info("m", "event", "plain", "id", id)
				case 1:
					own.WithGroup("w").With("id", id).Info("m", "event", "group", "in", g)
				case 2:
					own.Info("m", slogcausality.Event("members", slog.String("id", id), slog.Int("goroutine", g)), "other", 1)
				case 3:
					own.With(slogcausality.Event("bound", slog.Int("goroutine", g))).With("id", id).Info("m", "event", "plain")
				}
			}
		}()
	}
	wg.Wait()

	seen := map[string]bool{}
	for _, e := range stored(t, client, rec) {
		idKey := "id"
		want := props{"p": "parent", "g_p": int64(1), "goroutine": e.Properties["goroutine"]}
		switch e.EventType {
		case "group":
			idKey = "w_id"
			want["w_in"] = e.Properties["goroutine"]
		case "members":
			delete(want, "p")
			delete(want, "g_p")
		case "plain":
		default:
			t.Fatalf("unknown event %+v", e)
		}
		id, _ := e.Properties[idKey].(string)
		want[idKey] = id
		wantProps(t, e, want)
		if user := fmt.Sprint("u-", e.Properties["goroutine"]); e.UserID != user {
			t.Errorf("UserID %q, want %q", e.UserID, user)
		}
		var g, i int
		if _, err := fmt.Sscanf(id, "%d-%d", &g, &i); err != nil || int64(g) != e.Properties["goroutine"] || seen[id] {
			t.Errorf("id %q of goroutine %v: seen before %t, %v", id, e.Properties["goroutine"], seen[id], err)
		}
		seen[id] = true
	}
	if len(seen) != goroutines*each {
		t.Errorf("%d events arrived, want %d", len(seen), goroutines*each)
	}
}

// One logger, from which many goroutines derive: a shared slice with room at its
// end would mix them.
func TestConcurrentDerivationFromOneLogger(t *testing.T) {
	client, rec := newClient(t)
	parent := slog.New(slogcausality.NewHandler(client)).
		With("a", 1, "b", 2, "c", 3).With(slogcausality.Event("x", slog.Int("d", 4), slog.Int("e", 5), slog.Int("f", 6)))
	const n = 64
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			parent.With("i", i).WithGroup("g").With("j", i).Info("m", "event", "y")
			parent.With("i", i).Info("m")
		}()
	}
	wg.Wait()
	var own, bound int
	for _, e := range stored(t, client, rec) {
		switch e.EventType {
		case "y":
			own++
			i := e.Properties["i"]
			wantProps(t, e, props{"a": int64(1), "b": int64(2), "c": int64(3), "i": i, "g_j": i})
		case "x":
			bound++
			wantProps(t, e, props{"d": int64(4), "e": int64(5), "f": int64(6)})
		}
	}
	if own != n || bound != n {
		t.Errorf("%d and %d events arrived, want %d each", own, bound, n)
	}
}
