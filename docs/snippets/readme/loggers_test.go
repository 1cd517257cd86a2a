package main

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

func withSlog(ctx context.Context, client *causality.Client, handler slog.Handler) {
	// snippet: slog
	logger := slog.New(slogcausality.Tee(handler, client))

	logger.InfoContext(ctx, "order placed",
		"event", "purchase_complete", "order_id", "o-42", "total_cents", 1999)
	// end snippet
}

func withZap(ctx context.Context, client *causality.Client, logger *zap.Logger) {
	// snippet: zap
	logger = logger.WithOptions(zapcausality.Tee(client))

	logger.Info("order placed", zapcausality.Context(ctx),
		zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"), zap.Int("total_cents", 1999))
	// end snippet
}

func withZerolog(ctx context.Context, client *causality.Client, logger zerolog.Logger) {
	// snippet: zerolog
	logger = logger.Hook(zerologcausality.NewHook(client))

	logger.Info().Ctx(ctx).
		Str("event", "purchase_complete").Str("order_id", "o-42").Int("total_cents", 1999).Msg("order placed")
	// end snippet
}

func TestTheThreeLoggersSendTheSameEvent(t *testing.T) {
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1", SessionID: "s-9"})
	for name, log := range map[string]func(*causality.Client){
		"slog":    func(c *causality.Client) { withSlog(ctx, c, slog.NewTextHandler(io.Discard, nil)) },
		"zap":     func(c *causality.Client) { withZap(ctx, c, zap.New(zapcore.NewNopCore())) },
		"zerolog": func(c *causality.Client) { withZerolog(ctx, c, zerolog.New(io.Discard)) },
	} {
		t.Run(name, func(t *testing.T) {
			client, recorder := causalitytest.New(t)
			log(client)
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
			events := recorder.OfType("purchase_complete")
			if len(events) != 1 || events[0].UserID != "u-1" || events[0].SessionID != "s-9" ||
				!reflect.DeepEqual(events[0].Properties, map[string]any{"order_id": "o-42", "total_cents": int64(1999)}) {
				t.Errorf("got %+v", events)
			}
		})
	}
}

// Two forms of an event, and what each sends.
func TestTheGroupFormSendsWhatItLists(t *testing.T) {
	client, recorder := causalitytest.New(t)
	logger := slog.New(slogcausality.Tee(slog.NewTextHandler(io.Discard, nil), client))
	mail, id := "ada@example.com", "o-42"
	// snippet: forms
	// The plain key: every attribute of the line is sent, bound ones (With) too.
	logger.Info("order placed", "event", "purchase_complete", "order_id", id)

	// The group form: only what Event lists is sent; email stays in the log.
	logger.Info("order placed", "email", mail,
		slogcausality.Event("purchase_complete", slog.String("order_id", id)))
	// end snippet
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, e := range recorder.Events() {
		if !reflect.DeepEqual(e.Properties, map[string]any{"order_id": "o-42"}) {
			t.Errorf("sent %v", e.Properties)
		}
	}
	if recorder.Len() != 2 {
		t.Error(recorder.Len())
	}
}
