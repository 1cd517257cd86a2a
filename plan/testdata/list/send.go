package list

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// sender is what a test puts in the place of a client.
type sender interface {
	Send(ctx context.Context, events ...causality.Event) error
	TrackContext(ctx context.Context, e causality.Event)
}

// Events that are sent and waited for.
func sent(ctx context.Context, client *causality.Client, s sender, vip bool, name string, orders []string) error {
	err := client.Send(ctx, causality.Event{EventType: "sent", UserID: "u", Properties: map[string]any{"n": 1}}) //= sent n=int @user_id
	if err != nil {
		return err
	}
	first := causality.Event{EventType: "sent_first", Attrs: []slog.Attr{slog.Int("n", 1)}}
	_ = client.Send(ctx, first, causality.Event{EventType: "sent_second", Properties: map[string]any{"s": "x"}}) //= sent_first n=int //= sent_second s=string
	_ = client.Send(ctx)
	_ = client.Send(ctx, nil...)
	batch := []causality.Event{{EventType: "in_a_batch"}, {EventType: "in_the_batch", Properties: map[string]any{"b": true}}}
	_ = client.Send(ctx, batch...) //= in_a_batch //= in_the_batch b=bool
	if vip {
		batch = append(batch, causality.Event{EventType: "appended"})
	}
	_ = client.Send(ctx, batch...) //= in_a_batch //= in_the_batch b=bool //= appended
	var all []causality.Event
	for _, id := range orders {
		all = append(all, causality.Event{EventType: "of_each", Properties: map[string]any{"order_id": id}})
	}
	_ = client.Send(ctx, all...) //= of_each order_id=string
	made := make([]causality.Event, 0, len(orders))
	for range 3 {
		made = append(made, causality.Event{EventType: "of_a_count"})
	}
	_ = client.Send(ctx, made...) //= of_a_count
	filled := make([]causality.Event, len(orders))
	for i, id := range orders {
		filled[i] = causality.Event{EventType: "filled_in", Properties: map[string]any{"order_id": id}}
	}
	_ = client.Send(ctx, filled...) //= filled_in order_id=string
	for _, e := range all {
		client.Track(e) //= of_each order_id=string
	}
	fixed := [2]causality.Event{{EventType: "of_an_array"}, {EventType: "of_the_array"}}
	_ = client.Send(ctx, fixed[:]...)                               //= of_an_array //= of_the_array
	_ = client.Send(ctx, event("made_by_a_function", name))         //= made_by_a_function name=string
	_ = client.Send(ctx, events("x")...)                            //= x_one //= x_two
	_ = s.Send(ctx, causality.Event{EventType: "sent_to_any"})      //= sent_to_any
	s.TrackContext(ctx, causality.Event{EventType: "track_to_any"}) //= track_to_any
	send := client.Send
	_ = send(ctx, causality.Event{EventType: "by_a_method_value"}) //= by_a_method_value
	go func() {
		_ = client.Send(ctx, causality.Event{EventType: "in_a_closure"}) //= in_a_closure
	}()
	_ = sendAll(ctx, client, causality.Event{EventType: "passed_on"}, causality.Event{EventType: "passed_on_too"}) //= passed_on //= passed_on_too
	_ = client.Send(ctx, causality.Event{EventType: name})                                                         //? name
	return client.Send(ctx, causality.Event{EventType: "returned"})                                                //= returned
}

func sendAll(ctx context.Context, client *causality.Client, events ...causality.Event) error {
	return client.Send(ctx, events...)
}

func event(name, value string) causality.Event {
	return causality.Event{EventType: name, Properties: map[string]any{"name": value}}
}

func events(prefix string) []causality.Event {
	return []causality.Event{{EventType: prefix + "_one"}, {EventType: prefix + "_two"}}
}
