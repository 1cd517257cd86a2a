//go:build go1.25

package causality_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// What WriteDropped wrote is sent again with the same ids, under new keys.
func TestResend_SendsWhatWriteDroppedWrote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var file bytes.Buffer
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g, closeTimeout(time.Second), func(cfg *causality.Config) { cfg.OnDrop = causality.WriteDropped(&file) })
		track(client, 0, 120)
		if err := client.Close(); !errors.Is(err, causality.ErrUndelivered) {
			t.Fatal(err)
		}
		client.Track(causality.Event{EventType: "late", ID: "mine"}) // after Close, so it is dropped and written too
		client.Track(causality.Event{})                              // Invalid: there is nothing to write
		synctest.Wait()
		text := file.String()
		if n := strings.Count(text, "\n"); n != 121 {
			t.Fatalf("%d lines", n)
		}

		g = newGateway(t)
		client = newClient(t, g, func(cfg *causality.Config) { cfg.MaxQueueBytes = 4096 })
		bad := "not JSON\n{\"id\":\"1\"}\n" + strings.Repeat("x", 2_000_000) + "\n{\"app_id\":\"a\",\"event_type\":\"flat\",\"idempotency_key\":\"k\",\"timestamp_ms\":1}\n"
		n, err := client.Resend(t.Context(), strings.NewReader(bad+strings.TrimSuffix(text, "\n")))
		if n != 121 || err == nil {
			t.Fatalf("Resend queued %d: %v", n, err)
		}
		for _, want := range []string{"line 1 ", "line 2 ", "line 3 ", "line 4 "} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error does not name %s: %v", want, err)
			}
		}
		flush(t, client)
		numbers := g.numbers()
		if slices.Sort(numbers); !slices.Equal(numbers[1:], numbered(0, 120)) || numbers[0] != 0 {
			t.Errorf("stored %v", numbers)
		}
		for _, e := range g.events() {
			if !strings.Contains(text, `"id":"`+e.ID+`"`) || strings.Contains(text, e.Key) {
				t.Errorf("%s is not of the file, or has its key", e.ID)
			}
		}
		if s := balanced(t, client); s.Tracked != 121 || s.Delivered != 121 {
			t.Errorf("%+v", s)
		}
	})
}

func TestResend_EndsWithItsContextAndTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var file bytes.Buffer
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g, closeTimeout(time.Second), func(cfg *causality.Config) { cfg.OnDrop = causality.WriteDropped(&file) })
		track(client, 0, 50)
		_ = client.Close()
		text := file.String()

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		client = newClient(t, newGateway(t))
		if n, err := client.Resend(ended, strings.NewReader(text)); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %d, %v", n, err)
		}
		g = newGateway(t)
		g.then(hangs)
		client = newClient(t, g, func(cfg *causality.Config) { cfg.MaxQueueBytes = 4096 })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if n, err := client.Resend(ctx, strings.NewReader(text)); n < 5 || n > 15 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without room: %d, %v", n, err)
		}
		abandon(client)
		if n, err := client.Resend(t.Context(), strings.NewReader(text)); n != 0 || !errors.Is(err, causality.ErrClosed) {
			t.Errorf("a closed client: %d, %v", n, err)
		}
	})
}

// Send returns nil only when the gateway has accepted all of its events.
func TestSend_ReturnsWhatBecameOfItsEvents(t *testing.T) {
	event := func(n int) causality.Event {
		return causality.Event{EventType: "numbered", Properties: props{"n": n}}
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g)
		if err := client.Send(t.Context(), event(0), event(1)); err != nil || len(g.numbers()) != 2 {
			t.Errorf("%v, stored %v", err, g.numbers())
		}
		if err := client.Send(t.Context()); err != nil {
			t.Errorf("of no event: %v", err)
		}
		if err := client.Send(t.Context(), event(2), causality.Event{}); err == nil || err.Error() != `causality: event "" is invalid: it has no EventType` {
			t.Errorf("with an invalid one: %v", err)
		}
		var rejected *causality.RejectedError
		g.then(rejects(forGood, is(4)))
		if err := client.Send(t.Context(), event(3), event(4), event(5)); !errors.As(err, &rejected) {
			t.Errorf("with a rejected one: %v", err)
		}
		g.then(refuses(true, is(7))) // so that the batch is split
		if err := client.Send(t.Context(), event(6), event(7), event(8)); !errors.As(err, &rejected) {
			t.Errorf("with a refused one: %v", err)
		}
		g.then(hangs)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := client.Send(ctx, event(9)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a context that ends: %v", err)
		}
		abandon(client)
		if err := client.Send(t.Context(), event(10)); !errors.Is(err, causality.ErrClosed) {
			t.Errorf("of a closed client: %v", err)
		}
		want := []int{0, 1, 2, 3, 5, 6, 8}
		got := g.numbers()
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("stored %v, want %v", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxQueueBytes = 1024 })
		done := make(chan error)
		go func() { done <- client.Send(t.Context(), event(0), event(1), event(2), event(3)) }()
		time.Sleep(time.Second)
		_ = client.Close()
		if err := <-done; !errors.Is(err, causality.ErrQueueFull) || !errors.Is(err, causality.ErrUndelivered) {
			t.Errorf("of a full queue: %v", err)
		}
	})
}
