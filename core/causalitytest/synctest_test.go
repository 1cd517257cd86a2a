//go:build go1.25

package causalitytest_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

func TestInABubbleWaitLetsTheTimePass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
			cfg.FlushInterval = 24 * time.Hour
		}))
		start := time.Now()
		client.Track(causality.Event{EventType: "e"})
		if err := rec.Wait(t.Context(), 1); err != nil {
			t.Error(err)
		}
		if waited := time.Since(start); waited != 24*time.Hour {
			t.Error(waited)
		}
		if sent := rec.Requests()[0].Time; sent.Sub(start) != 24*time.Hour {
			t.Error(sent)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := rec.Wait(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestInABubbleFailuresTakeNoRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, rec := causalitytest.New(t)
		rec.Script(
			causalitytest.Hang(),
			causalitytest.StatusRetryAfter(429, 30*time.Second),
			causalitytest.Accept().Delay(5*time.Second),
		)
		start := time.Now()
		client.Track(causality.Event{EventType: "e"})
		if err := client.Flush(); err != nil {
			t.Error(err)
		}
		// The timeout of 10 s, the wait of 30 s, the delay of 5 s.
		if took := time.Since(start); took < 45*time.Second {
			t.Error(took)
		}
		if rec.Len() != 1 || len(rec.Requests()) != 3 {
			t.Error(rec.Len(), rec.Requests())
		}
	})
}

func TestARecorderMadeOutsideABubbleWorksInside(t *testing.T) {
	rec := causalitytest.NewRecorder()
	synctest.Test(t, func(t *testing.T) {
		go func() {
			time.Sleep(time.Hour)
			body := `{"events":[{"app_id":"a","device_id":"d","timestamp_ms":1795421601849,"custom_event":{"event_name":"e"}}]}`
			req := httptest.NewRequest("POST", "https://gateway.test/v1/events/batch", strings.NewReader(body))
			req.Header.Set("X-API-Key", otherKey)
			if res, err := rec.RoundTrip(req); err != nil || res.StatusCode != 200 {
				t.Error(res, err)
			}
		}()
		if err := rec.Wait(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
}
