package delivery

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

func newConfig(rec *causalitytest.Recorder) causality.Config {
	return causality.Config{
		APIKey: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", Endpoint: "http://localhost", AppID: "shop",
		Transport: rec, CloseTimeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	}
}

func TestTheNextProcessSendsWhatTheLastOneKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dropped.jsonl")
	rec := causalitytest.NewRecorder()
	rec.Script(causalitytest.Status(503).Times(100))
	first, err := start(t.Context(), newConfig(rec), path)
	if err != nil {
		t.Fatal(err)
	}
	first.Track(causality.Event{ID: "e-1", EventType: "order_placed"})
	if err := first.Close(); err == nil {
		t.Fatal("Close delivered to a gateway that is down")
	}

	well := causalitytest.NewRecorder()
	second, err := start(t.Context(), newConfig(well), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if stored := well.Envelopes(); len(stored) != 1 || stored[0].ID != "e-1" {
		t.Errorf("stored: %v", stored)
	}
	if _, err := os.Stat(path + ".before"); err == nil {
		t.Error("the old file is still there")
	}
}

func TestARowIsDeletedOnceItsEventIsAccepted(t *testing.T) {
	client, rec := causalitytest.New(t)
	var deleted []string
	remove := func(id string) error { deleted = append(deleted, id); return nil }
	row := Row{"row-7", causality.Event{EventType: "order_placed"}}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := publish(ctx, client, row, remove); err == nil || len(deleted) != 0 {
		t.Errorf("a Send without an answer: %v, deleted %v", err, deleted)
	}
	if err := publish(t.Context(), client, row, remove); err != nil || len(deleted) != 1 {
		t.Errorf("publish: %v, deleted %v", err, deleted)
	}
	for _, stored := range rec.Envelopes() {
		if stored.ID != "row-7" {
			t.Errorf("the id is %s", stored.ID)
		}
	}
}
