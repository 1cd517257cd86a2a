//go:build go1.26

package slogcausality_test

import (
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// log/slog's own tee gives the same events.
func TestMultiHandlerGivesTheEventsOfATee(t *testing.T) {
	for name, newHandler := range map[string]func(client *causality.Client) slog.Handler{
		"Tee": func(client *causality.Client) slog.Handler { return slogcausality.Tee(discard(), client) },
		"NewMultiHandler": func(client *causality.Client) slog.Handler {
			return slog.NewMultiHandler(discard(), slogcausality.NewHandler(client))
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec := newClient(t)
			l := slog.New(newHandler(client)).With("a", 1).WithGroup("g")
			l.Info("m", "event", "plain", "b", 2, "user_id", "u-1")
			l.Info("m", slogcausality.Event("listed", slog.Int("c", 3)))
			wantEvents(t, stored(t, client, rec),
				causality.Event{EventType: "plain", UserID: "u-1", Properties: props{"a": int64(1), "g_b": int64(2)}},
				causality.Event{EventType: "listed", Properties: props{"c": int64(3)}})
		})
	}
}
