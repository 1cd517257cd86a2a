package running

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"gopkg.in/yaml.v3"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestSIGTERMDeliversWhatWaits(t *testing.T) {
	client, recorder := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.FlushInterval = 1 << 40 }))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		client.Track(causality.Event{EventType: "visited"})
	})}
	stopped := make(chan error, 1)
	go func() { stopped <- serve(client, server, listener) }()
	resp, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if n := recorder.Len(); n != 1 {
		t.Errorf("%d events are stored", n)
	}
}

func TestAnInvocationDeliversBeforeItReturns(t *testing.T) {
	client, recorder := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.FlushInterval = 1 << 40 }))
	f := &function{client, slog.New(slogcausality.Tee(slog.NewTextHandler(io.Discard, nil), client))}
	if err := f.handle(context.Background(), Order{"o-42", 1999}); err != nil {
		t.Fatal(err)
	}
	if n := len(recorder.OfType("purchase_complete")); n != 1 {
		t.Errorf("%d events are stored when the process is frozen", n)
	}
}

func TestACommandDeliversBeforeItEnds(t *testing.T) {
	recorder := causalitytest.NewRecorder()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: recorder}
	go server.Serve(listener)
	defer server.Close()
	t.Setenv("CAUSALITY_ENDPOINT", "http://"+listener.Addr().String())
	t.Setenv("CAUSALITY_APP_ID", "shop")
	t.Setenv("CAUSALITY_API_KEY", strings.Repeat("0123456789abcdef", 4))
	if status := Main(nil); status != 0 || recorder.Len() != 1 {
		t.Errorf("status %d, %d events", status, recorder.Len())
	}
}

func TestTheDeploymentFitsTheCode(t *testing.T) {
	text, err := os.ReadFile("deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Spec struct {
			Template struct {
				Spec struct {
					TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
					Containers                    []struct{ Env []struct{ Name string } }
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	spec := d.Spec.Template.Spec
	if spec.TerminationGracePeriodSeconds <= 15+10 || len(spec.Containers) != 1 || len(spec.Containers[0].Env) != 3 {
		t.Errorf("%+v", spec)
	}
	config, err := os.ReadFile("../../../core/config.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range spec.Containers[0].Env {
		if !regexp.MustCompile(env.Name + `\b`).Match(config) {
			t.Errorf("%s is no variable of the client's", env.Name)
		}
	}
}
