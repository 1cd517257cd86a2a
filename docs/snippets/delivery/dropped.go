package delivery

import (
	"context"
	"errors"
	"io/fs"
	"os"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: dropped
// start returns a client that keeps in a file what it has to drop, and sends what
// the process before it kept there.
func start(ctx context.Context, cfg causality.Config, path string) (*causality.Client, error) {
	before := path + ".before"
	if err := os.Rename(path, before); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	keep := causality.WriteDropped(file)
	cfg.OnDrop = func(e causality.DroppedEvent) {
		if e.Reason != causality.DropRejected { // it would be rejected again
			keep(e)
		}
	}
	client, err := causality.New(cfg)
	if err != nil {
		return nil, err
	}
	old, err := os.Open(before)
	if err != nil {
		return client, nil // there is none
	}
	defer old.Close()
	// What Close has no time for is in the new file, so the old one is done with.
	if _, err := client.Resend(ctx, old); err != nil {
		return client, err
	}
	return client, os.Remove(before)
}

// end snippet
