package delivery

import (
	"context"
	"errors"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: outbox
// publish sends the event of one row of an outbox, and deletes the row when the
// gateway has accepted the event.
func publish(ctx context.Context, client *causality.Client, row Row, remove func(id string) error) error {
	event := row.Event
	event.ID = row.ID // the same at every try, so that duplicates can be recognised
	err := client.Send(ctx, event)
	var rejected *causality.RejectedError
	if err != nil && !errors.As(err, &rejected) {
		return err // the row stays, for another try
	}
	return errors.Join(err, remove(row.ID)) // no other try would help a rejected event
}

// end snippet

// Row is a row of an outbox: an event that was written in the transaction that it
// tells of.
type Row struct {
	ID    string
	Event causality.Event
}
