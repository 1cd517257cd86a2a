package diagnostic

import (
	"sync/atomic"
	"time"
)

// What an adapter may ask of a client that the client's users need not. Package
// causality sets these when it is initialised; client is a *causality.Client,
// which this package cannot name.
var (
	// Say writes an Error line to the client's Logger.
	Say func(client any, message string)
	// PropertyDropped counts properties that the adapter could not read or keep.
	PropertyDropped func(client any, n int)
	// ShowsText reports whether functions of the user's see the text of events.
	// They may keep it, so it must not be memory that is used again.
	ShowsText func(client any) bool
	// TakesBound reports whether events of the client may begin with an
	// envelope.Bound.
	TakesBound func(client any) bool
	// IsOwnMessage reports whether a text contains the message of a line that a
	// client writes.
	IsOwnMessage func(text string) bool
	// LastChanceOf returns when lines of the client's loggers last waited for
	// delivery, or nil for a nil client.
	LastChanceOf func(client any) *LastChance
	// CloseTimeout is Config.CloseTimeout.
	CloseTimeout func(client any) time.Duration
)

// LastChance is when lines that end the process, or may end it, last waited for
// delivery, in Unix nanoseconds.
type LastChance struct{ Fatal, Panic atomic.Int64 }
