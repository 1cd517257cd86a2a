package causality_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
)

// A service without analytics goes on with the client that New did not return.
func TestANilClientDoesNothing(t *testing.T) {
	var book logbook
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(&book))

	var client *causality.Client
	for range 3 {
		client.Track(causality.Event{EventType: "e"})
		client.TrackContext(context.Background(), causality.Event{EventType: "e"})
		client.TrackContext(nil, causality.Event{}) //lint:ignore SA1012 a logger may have been given no context
	}
	if err := client.Flush(); err != nil {
		t.Error(err)
	}
	if err := client.FlushContext(context.Background()); err != nil {
		t.Error(err)
	}
	if s := client.Stats(); s != (causality.Stats{}) {
		t.Errorf("%+v", s)
	}
	if err := client.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %s %q", client, client, client, client) + client.LogValue().String(); text == "" {
		t.Error("it is printed as nothing")
	}
	// What the adapters ask of their client.
	diagnostic.Say(client, "a message")
	diagnostic.PropertyDropped(client, 1)
	if diagnostic.ShowsText(client) || diagnostic.CloseTimeout(client) != 0 {
		t.Error("it has hooks, or a time to close")
	}
	var lines []logLine
	for range 100 {
		if lines = book.about("nil *Client"); len(lines) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond) // the line is written by another goroutine
	}
	if len(lines) != 1 || lines[0].level != slog.LevelWarn || !lines[0].isOwn {
		t.Errorf("it warns with %v", lines)
	}
}
