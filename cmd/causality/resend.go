package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// resend sends the events that a function of causality.WriteDropped has written to a
// file, and returns nil only if the gateway has accepted all of them. What it has not
// is in a new file beside it; the file itself stays as it is. Of a directory it sends
// what is in it as a spool.
func resend(ctx context.Context, name string, out io.Writer) (err error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return resendSpool(ctx, name, out)
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	leftName := name + ".left"
	left, err := createLeft(leftName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLeft(left)) }()

	cfg := causality.ConfigFromEnv()
	cfg.Spool.Dir = ""                         // the file keeps what the gateway does not accept
	cfg.Logger = slog.New(slog.DiscardHandler) // what it would say is returned
	cfg.OnDrop = causality.WriteDropped(left)
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	queued, readErr := client.Resend(ctx, in)
	flushErr := client.FlushContext(ctx)
	closeNow(client)

	s := client.Stats()
	fmt.Fprintf(out, "%d of %d events are accepted\n", s.Delivered, queued)
	if why := errors.Unwrap(flushErr); why != nil {
		flushErr = why // without what a client that goes on would do
	}
	err = errors.Join(readErr, flushErr)
	if missing := int64(queued) - s.Delivered; missing > 0 {
		err = errors.Join(err, fmt.Errorf("%d events are not accepted; they are in %s", missing-s.MissedDrops, leftName))
	}
	if s.MissedDrops > 0 {
		err = errors.Join(err, fmt.Errorf("%d more are in %s alone", s.MissedDrops, name))
	}
	return err
}

// createLeft makes the file of what is left.
func createLeft(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w; it would hold what cannot be sent: move it away", err)
	}
	return f, nil
}

// closeLeft closes the file of what is left, and removes it if nothing is.
func closeLeft(f *os.File) error {
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil || info.Size() > 0 {
		return err
	}
	return os.Remove(f.Name())
}
