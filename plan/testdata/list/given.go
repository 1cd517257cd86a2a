package list

import (
	"context"
	"log/slog"
	"os"

	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// A reports that a function is given is whose method it calls: its events are listed
// where it calls it, not where the reports is given to it.
type reports interface {
	Track(ctx context.Context, name string, args ...any)
}

type slogTracker struct{ l *slog.Logger }

func (t slogTracker) Track(ctx context.Context, name string, args ...any) {
	t.l.InfoContext(ctx, "a", append([]any{"event", name}, args...)...)
}

type groupTracker struct {
	l     *slog.Logger
	shop  string
	attrs []slog.Attr
}

func (t groupTracker) Track(ctx context.Context, name string, args ...any) {
	t.l.LogAttrs(ctx, slog.LevelInfo, "a", slogcausality.Event(t.shop+name, t.attrs...))
}

func given(ctx context.Context, t reports, done chan struct{}) {
	t.Track(ctx, "given_one", "n", 1) //= given_one n=int //= given_one n=string
	for _, name := range []string{"given_two", "given_three"} {
		t.Track(ctx, name) //= given_two //= given_three //= given_two n=string //= given_three n=string
	}
	t.Track(ctx, os.Getenv("NAME")) //? os.Getenv
	go func() {
		t.Track(ctx, "given_to_a_goroutine") //= given_to_a_goroutine //= given_to_a_goroutine n=string
		close(done)
	}()
}

func givenOn(ctx context.Context, t reports) { given(ctx, t, nil) }

func giveThem(ctx context.Context, l *slog.Logger) {
	givenOn(ctx, slogTracker{l})
	givenOn(ctx, groupTracker{l: l, attrs: []slog.Attr{slog.String("n", "x")}})
}

// So it is with a struct, and with a function.
func givenStruct(ctx context.Context, t groupTracker) {
	t.Track(ctx, "given_by_a_struct") //= shop_given_by_a_struct
}

func givenFunc(ctx context.Context, track func(context.Context, string, ...any)) {
	track(ctx, "given_by_a_function", "n", 1.5) //= given_by_a_function n=float
}

// What a function says of the event itself its callers say.
func givenName(ctx context.Context, t reports, name string) { t.Track(ctx, name, "n", true) }

func giveMore(ctx context.Context, l *slog.Logger) {
	givenStruct(ctx, groupTracker{l: l, shop: "shop_"})
	givenFunc(ctx, slogTracker{l}.Track)         //? passed on as a value
	givenName(ctx, slogTracker{l}, "given_here") //= given_here n=bool
}
