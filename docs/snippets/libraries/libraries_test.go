package libraries

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

func TestALibraryTracksWithoutImportingTheClient(t *testing.T) {
	const took = 1500 * time.Microsecond
	for name, log := range map[string]func(t *testing.T, client *causality.Client){
		"slog": func(t *testing.T, client *causality.Client) {
			jobs := &Jobs{Logger: slog.New(slogcausality.NewHandler(client)).With("internal", "not sent")}
			jobs.done(t.Context(), "j-1", took)
		},
		"zap": func(_ *testing.T, client *causality.Client) {
			zapDone(zap.New(zapcausality.NewCore(client)).With(zap.String("internal", "not sent")), "j-1", took)
		},
		"zerolog": func(_ *testing.T, client *causality.Client) {
			logger := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client)).With().Str("internal", "not sent").Logger()
			zerologDone(&logger, "j-1", took)
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, recorder := causalitytest.New(t)
			log(t, client)
			recorder.Expect(t, "job_done", "job_id", "j-1", "took", took, "internal", nil)
		})
	}
}
