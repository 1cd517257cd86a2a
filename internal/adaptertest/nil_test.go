package adaptertest_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// A service whose client could not be made logs as before.
func TestLoggersOfANilClientWriteTheirLines(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler)) // gets the warning
	var client *causality.Client
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1"})
	for name, log := range map[string]func(w io.Writer){
		"slog": func(w io.Writer) {
			l := slog.New(slogcausality.Tee(slog.NewTextHandler(w, nil), client))
			l.With("bound", 1).InfoContext(ctx, "line", "event", "e")
			l.Info("line", slogcausality.Event("e", slog.Int("n", 1)))
		},
		"zap": func(w io.Writer) {
			core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(w), zap.InfoLevel)
			l := zap.New(core).WithOptions(zapcausality.Tee(client))
			l.Info("line", zap.String("event", "e"))
			func() {
				defer func() { _ = recover() }()
				l.Panic("line", zap.String("event", "e"))
			}()
			if err := l.Sync(); err != nil {
				t.Error(err)
			}
		},
		"zerolog hook": func(w io.Writer) {
			l := zerolog.New(w).Hook(zerologcausality.NewHook(client))
			l.Info().Ctx(ctx).Str("event", "e").Msg("line")
			func() {
				defer func() { _ = recover() }()
				l.Panic().Str("event", "e").Msg("line")
			}()
		},
		"zerolog writer": func(w io.Writer) {
			events := zerologcausality.NewWriter(client)
			l := zerolog.New(zerolog.MultiLevelWriter(w, events))
			l.Info().Str("event", "e").Msg("line")
			if _, err := events.Write([]byte("not JSON\n")); err != nil {
				t.Error(err)
			}
			if err := events.(io.Closer).Close(); err != nil {
				t.Error(err)
			}
			l.Info().RawJSON("event", []byte("{")).Msg("line")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log(&out)
			if n := strings.Count(out.String(), "line"); n < 2 {
				t.Errorf("wrote %s", &out)
			}
		})
	}
}
