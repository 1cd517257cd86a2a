package zerologcausality

import (
	"reflect"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// fatalFlush is how long the hook waits for delivery at Fatal. It is shorter than
// for other loggers, because zerolog has not written the line yet.
const fatalFlush = time.Second

// NewHook returns a hook that tracks the lines which are events with client,
// which stays the caller's to close. It changes nothing of the line. With a
// nil client nothing is tracked.
//
//	logger := zerolog.New(os.Stdout).With().Timestamp().Logger().Hook(zerologcausality.NewHook(client))
//
// A hook sees what the hooks before it have added, not what those after it add;
// a line that a later one discards has been tracked. So add it last. The time of
// the event is zerolog.TimestampFunc().
//
// A line at FatalLevel is delivered before it is written: the hook waits for the
// gateway for at most 1 s. One at PanicLevel waits for at most 1 s too. Each waits
// at most once in 10 s, for those that do not end the process.
//
// zerolog gives hooks no public way to read a line, so this one reads a private
// field of zerolog.Event. Where that does not work, because zerolog has changed
// or because the build has the tag binary_log, NewHook says so once in the
// client's log, at level Error, and tracks nothing; [NewWriter] is the way out.
func NewHook(client *causality.Client, opts ...Option) zerolog.Hook {
	return newHook(client, reflect.TypeFor[zerolog.Event](), opts)
}

type hook struct {
	options
	buffer buffer
	// works says that buffer can be read.
	works bool
}

var _ zerolog.Hook = (*hook)(nil)

func newHook(client *causality.Client, event reflect.Type, opts []Option) *hook {
	h := &hook{options: newOptions(client, opts)}
	var err error
	if h.buffer, err = findBuffer(event); err != nil {
		diagnostic.Say(client, "zerologcausality: NewHook tracks no events: "+err.Error())
		return h
	}
	h.works = true
	return h
}

// Run tracks the line if it is an event.
func (h *hook) Run(e *zerolog.Event, level zerolog.Level, message string) {
	if !e.Enabled() { // an earlier hook has discarded it
		return
	}
	if h.works && level >= h.level {
		if text := h.buffer.of(e); h.mayBeEvent(text) {
			h.track(e, level, h.text(text), message)
		}
	}
	switch level {
	case zerolog.FatalLevel:
		record.Fatal(h.client, fatalFlush)
	case zerolog.PanicLevel:
		record.Panic(h.client)
	}
}

func (h *hook) track(e *zerolog.Event, level zerolog.Level, text, message string) {
	l := newLine(text)
	defer l.release()
	l.message = message
	l.hasLevel = level != zerolog.NoLevel
	l.track(e.GetCtx(), &h.options)
}
