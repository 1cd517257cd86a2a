package adaptertest_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// greedy is a handler that uses the slices it is given as its own, which log/slog
// allows it: it sorts them, and overwrites what is in them.
type greedy struct{ slog.Handler }

func (h greedy) WithAttrs(attrs []slog.Attr) slog.Handler {
	overwrite(attrs)
	return greedy{h.Handler.WithAttrs(attrs)}
}

func (h greedy) WithGroup(name string) slog.Handler { return greedy{h.Handler.WithGroup(name)} }

func (h greedy) Handle(ctx context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Value.Kind() == slog.KindGroup {
			overwrite(a.Value.Group())
		}
		return true
	})
	return h.Handler.Handle(ctx, r)
}

func overwrite(attrs []slog.Attr) {
	slices.Reverse(attrs)
	for i := range attrs {
		if attrs[i].Value.Kind() == slog.KindGroup {
			overwrite(attrs[i].Value.Group())
		}
		attrs[i] = slog.String(attrs[i].Key, "overwritten")
	}
}

// What log/slog gives a handler belongs to it, so the event has what was logged
// whatever the other handler of a tee does with it.
func TestTheOtherHandlerOwnsWhatItIsGiven(t *testing.T) {
	client, rec := adaptertest.NewClient(t)
	l := slog.New(slogcausality.Tee(greedy{slog.DiscardHandler}, client))
	l = l.With("a", 1, slog.Group("g", "b", 2, slog.Group("h", "c", 3)))
	l.Info("m", "event", "plain", "d", 4, slog.Group("i", "e", 5, slog.Group("j", "f", 6)))
	l.Info("m", slogcausality.Event("listed", slog.Int("d", 4), slog.Group("i", "e", 5)))
	l = l.With(slogcausality.Event("bound", slog.Int("d", 4), slog.Group("i", "e", 5)), "user_id", "u-1")
	l.Info("m")
	l.Info("m")
	listed := props{"d": int64(4), "i_e": int64(5)}
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec),
		causality.Event{EventType: "plain", Properties: props{
			"a": int64(1), "g_b": int64(2), "g_h_c": int64(3), "d": int64(4), "i_e": int64(5), "i_j_f": int64(6)}},
		causality.Event{EventType: "listed", Properties: listed},
		causality.Event{EventType: "bound", UserID: "u-1", Properties: listed},
		causality.Event{EventType: "bound", UserID: "u-1", Properties: listed},
	)
}
