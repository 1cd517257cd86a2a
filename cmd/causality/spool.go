package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// patience is how long sendParts waits while nothing comes: longer than the client
// takes between two looks at the directory.
var patience = 15 * time.Second

// spoolFormats says how the name of what a process has left in a spool begins.
var spoolFormats = map[string]causality.Format{"envelope-": causality.FormatEnvelope, "flat-": causality.FormatFlat}

// resendSpool sends the events that processes which are gone have left in a
// directory of Config.Spool, and returns nil only if the gateway has accepted all of
// them. What it rejects is in a new file beside the directory; what cannot be sent
// stays in the directory.
func resendSpool(ctx context.Context, dir string, out io.Writer) (err error) {
	leftName := filepath.Clean(dir) + ".left"
	left, err := createLeft(leftName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLeft(left)) }()

	var delivered, events int64
	for prefix, format := range spoolFormats {
		parts := partsIn(dir, prefix)
		if len(parts) == 0 {
			continue
		}
		cfg := causality.ConfigFromEnv()
		cfg.Spool.Dir, cfg.Format = dir, format
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		cfg.OnDrop = causality.WriteDropped(left)
		client, newErr := causality.New(cfg)
		if newErr != nil {
			return newErr
		}
		err = errors.Join(err, sendParts(ctx, client, parts))
		closeNow(client)
		s := client.Stats()
		delivered, events = delivered+s.Delivered, events+s.Recovered
		if n := s.Dropped.Rejected; n > 0 {
			err = errors.Join(err, fmt.Errorf("%d events are rejected; they are in %s", n-s.MissedDrops, leftName))
		}
		if n := s.Dropped.Damaged; n > 0 {
			err = errors.Join(err, fmt.Errorf("%d events cannot be read; their files are in %s", n, filepath.Join(dir, "damaged")))
		}
		if n := remaining(parts); n > 0 {
			err = errors.Join(err, fmt.Errorf("what %d processes have left stays in %s", n, dir))
		}
	}
	fmt.Fprintf(out, "%d of %d events are accepted\n", delivered, events)
	return err
}

// partsIn returns what processes that wrote in a format have left.
func partsIn(dir, prefix string) (parts []string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), prefix) {
			parts = append(parts, filepath.Join(dir, entry.Name()))
		}
	}
	return parts
}

// remaining counts the parts that are not sent to their end.
func remaining(parts []string) int {
	return len(slices.DeleteFunc(slices.Clone(parts), func(part string) bool {
		_, err := os.Stat(part)
		return errors.Is(err, os.ErrNotExist)
	}))
}

// sendParts sends until the parts are gone, or nothing more comes: a process that
// runs holds them, or they cannot be read.
func sendParts(ctx context.Context, client *causality.Client, parts []string) error {
	var last causality.Stats
	for since := time.Now(); remaining(parts) > 0 && time.Since(since) < patience; {
		if err := client.FlushContext(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if s := client.Stats(); s != last {
			last, since = s, time.Now()
		}
	}
	return nil
}
