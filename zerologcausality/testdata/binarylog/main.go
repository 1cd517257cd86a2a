// Binarylog logs events through the hook and through the writer and prints how
// many have arrived. The tests run it with the build tag binary_log and without.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

func main() {
	run("hook", func(client *causality.Client) {
		l := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
		l.Info().Str("event", "e").Send()
	})
	run("writer", func(client *causality.Client) {
		w := zerologcausality.NewWriter(client)
		// This line is JSON, whatever the build.
		_, _ = w.Write([]byte(`{"level":"info","event":"e"}` + "\n"))
		l := zerolog.New(w)
		l.Info().Str("event", "e").Send()
		l.Info().Str("event", "e").Send()
	})
}

// run prints how many events come of what log logs, and what the client says.
func run(name string, log func(client *causality.Client)) {
	rec := causalitytest.NewRecorder()
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "app",
		Transport: rec, Logger: slog.New(slog.NewTextHandler(os.Stdout, nil)),
	})
	if err != nil {
		panic(err)
	}
	log(client)
	if err := client.Close(); err != nil {
		panic(err)
	}
	fmt.Println(name, "events:", rec.Len())
}
