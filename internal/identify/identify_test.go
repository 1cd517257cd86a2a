package identify_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/identify"
)

func TestContext_IsTheSameWhenThereIsNothingToSay(t *testing.T) {
	asker := identify.New("Middleware", func(int) causality.Identity { return causality.Identity{} })
	// A context may be of a type that == panics on.
	ctx := struct {
		context.Context
		values []int
	}{Context: t.Context()}
	if got, ok := asker.Context(ctx, 1); ok || got.Value(1) != nil {
		t.Error("it is another context")
	}
}

func TestContext_KeepsWhatTheFunctionLeavesEmpty(t *testing.T) {
	asker := identify.New("Middleware", func(user string) causality.Identity { return causality.Identity{UserID: user} })
	ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-0", SessionID: "s-9"})
	want := causality.Identity{UserID: "u-1", SessionID: "s-9"}
	if got := causality.IdentityFromContext(first(asker.Context(ctx, "u-1"))); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestContext_APanicCostsTheIdentityAloneAndIsLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))

	asker := identify.New("Middleware", func(m map[string]int) causality.Identity { m["a"]++; return causality.Identity{} })
	ctx := t.Context()
	for range 3 {
		if got, ok := asker.Context(ctx, nil); got != ctx || ok {
			t.Error("it is another context")
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "given to Middleware panicked") || !strings.Contains(log.String(), "nil map") {
		t.Errorf("logged %d lines, want one:\n%s", n, log.String())
	}
}

func TestNew_PanicsWithoutAFunction(t *testing.T) {
	defer func() {
		if p := recover(); p != "Middleware needs a function, not nil" {
			t.Errorf("panicked with %v", p)
		}
	}()
	identify.New[int]("Middleware", nil)
}

func first(ctx context.Context, _ bool) context.Context { return ctx }
