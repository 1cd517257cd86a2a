package moving

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/posthog/posthog-go"
	"github.com/segmentio/analytics-go/v3"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestTheOtherTwoTakeWhatThePageShows(t *testing.T) {
	bodies := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		_ = json.NewEncoder(w).Encode(map[string]any{})
	}))
	defer server.Close()

	segment, err := analytics.NewWithConfig("key", analytics.Config{Endpoint: server.URL, BatchSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := withSegment(segment); err != nil {
		t.Error(err)
	}
	_ = segment.Close()
	if body := <-bodies; !strings.Contains(body, "o-42") {
		t.Errorf("Segment's client sent %s", body)
	}

	hog, err := posthog.NewWithConfig("key", posthog.Config{Endpoint: server.URL, BatchSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := withPostHog(hog); err != nil {
		t.Error(err)
	}
	_ = hog.Close()
	if body := <-bodies; !strings.Contains(body, "o-42") {
		t.Errorf("PostHog's client sent %s", body)
	}
}

func TestBothWaysSendTheSameEvent(t *testing.T) {
	client, recorder := causalitytest.New(t)
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1", SessionID: "s-9"})
	withCausality(client)
	withLogger(ctx, slog.New(slogcausality.NewHandler(client)))
	profile(client)
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	events := recorder.Events()
	if len(events) != 3 {
		t.Fatal(len(events))
	}
	a, b := events[0], events[1]
	if a.UserID != "u-1" || a.UserID != b.UserID || a.SessionID != b.SessionID || a.EventType != b.EventType || !reflect.DeepEqual(a.Properties, b.Properties) {
		t.Errorf("%+v\n%+v", a, b)
	}
}
