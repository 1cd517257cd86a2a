package check

import (
	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

func zerologLines(l zerolog.Logger, id string, gift bool) {
	l.Info().Str("event", "order_placed").Str("order_id", id).Int("total_cents", 1999).Float64("price", 2).Msg("")
	l.Info().Str("event", "order_placed").Str("order_id", id).Msg("") // want `order_placed: the property total_cents is missing`
	e := l.Info().Str("event", "order_placed").Str("order_id", id)
	if gift {
		e = e.Int("total_cents", 0)
	}
	e.Msg("")                                                                                // want `order_placed: the property total_cents is not always there, and the tracking plan requires it`
	l.Info().Object("event", zerologcausality.Event("order_placed", func(e *zerolog.Event) { // want `order_placed: the property order_id is missing`
		e.Int("total_cents", 1)
	})).Msg("")
	l.Info().Str("event", "anything").Str("client_ip", id).Msg("")    // want `anything: the property client_ip looks like personal data`
	l.Info().Str("event", "anything").Bool("device_id", true).Msg("") // want `the value of device_id is no string and no whole number`
}

func tracked(client *causality.Client, id string) {
	client.Track(causality.Event{EventType: "order_placed", Properties: map[string]any{"order_id": id, "total_cents": 1}})
	client.Track(causality.Event{EventType: "order_placed", Properties: map[string]any{"order_id": id}}) // want `order_placed: the property total_cents is missing`
	client.Track(causality.Event{EventType: "anything", Properties: map[string]any{"email": id}})        // listed on purpose
}
