package causality_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// hidden fails t if text has the API key in it, or enough of it to guess by.
func hidden(t *testing.T, what, text string) {
	t.Helper()
	for at := 0; at+16 <= len(testKey); at += 8 {
		if strings.Contains(text, testKey[at:at+16]) {
			t.Errorf("%s shows the API key: %s", what, text)
			return
		}
	}
}

func TestNothingThatIsPrintedShowsTheKey(t *testing.T) {
	client := newClient(t, newGateway(t))
	cfg := config(nil)
	cfg.OnError = func(error) {}
	values := map[string]any{
		"Config":             cfg,
		"*Config":            &cfg,
		"Config in a struct": struct{ Gateway causality.Config }{cfg},
		"Config embedded": struct {
			causality.Config
			Port int
		}{cfg, 80},
		"Config in a map":          map[string]causality.Config{"a": cfg},
		"Configs in a slice":       []causality.Config{cfg},
		"pointers to it":           []*causality.Config{&cfg},
		"Config in an any":         []any{cfg},
		"Client":                   client,
		"Client in a struct":       struct{ C *causality.Client }{client},
		"Client, not exported":     struct{ c *causality.Client }{client},
		"Client embedded":          struct{ *causality.Client }{client},
		"Clients in a slice":       []*causality.Client{client},
		"what ConfigFromEnv reads": configFromEnv(t),
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%T", "%10v", "%-5s", "%.3s", "% x", "%+q"} {
			text := fmt.Sprintf(verb, v)
			hidden(t, name+" as "+verb, text)
			hidden(t, name+" as "+verb, string(unhex(text)))
		}
		hidden(t, name+" by Sprint", fmt.Sprint(v)+fmt.Sprintln(v))
		if text, err := json.Marshal(v); err == nil {
			hidden(t, name+" as JSON", string(text))
		}
		var text bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
			logger := slog.New(handler)
			logger.Info("it", "value", v)
			logger.With("value", v).WithGroup("g").Info("it", slog.Group("h", "value", v))
		}
		hidden(t, name+" in a log", text.String())
	}
	if text := fmt.Sprint(cfg); !strings.Contains(text, "[redacted]") || !strings.Contains(text, "gateway.test") {
		t.Errorf("a Config is printed as %s", text)
	}
	if text := fmt.Sprint(client); !strings.Contains(text, "Tracked: 0") {
		t.Errorf("a Client is printed as %s", text)
	}
	if text := fmt.Sprint((*causality.Client)(nil)); text == "" {
		t.Error("a nil Client is printed as nothing")
	}
}

// unhex undoes %x.
func unhex(text string) []byte {
	var b []byte
	if _, err := fmt.Sscanf(text, "%x", &b); err != nil {
		return nil
	}
	return b
}

func configFromEnv(t *testing.T) causality.Config {
	t.Setenv("CAUSALITY_API_KEY", testKey)
	return causality.ConfigFromEnv()
}

func TestNoErrorShowsTheKey(t *testing.T) {
	echo := func(status int, format string) answer {
		return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			return reply(status, fmt.Sprintf(format, r.Header.Get("X-API-Key")), "Location", "https://other.test/?key="+r.Header.Get("X-API-Key")), nil
		}
	}
	tests := []struct {
		name string
		act  answer
	}{
		{"a proxy that echoes the request", echo(502, "<pre>X-API-Key: %s</pre>")},
		{"one that echoes it where the message is cut", echo(502, strings.Repeat("x", 470)+"%s")},
		{"one that echoes it where the reply is cut", echo(502, strings.Repeat("é", 490)+"%s")},
		{"one that echoes it in JSON", echo(401, `{"error":"invalid key %s"}`)},
		{"one that echoes it in JSON where the message is cut", echo(401, `{"error":"`+strings.Repeat("x", 480)+`%s"}`)},
		{"one that echoes it in a violation", echo(400, `{"violations":[{"field":"%s","description":"no"}]}`)},
		{"one that echoes it in a redirect", echo(307, "see https://other.test/?key=%s")},
		{"one that echoes it in a 200", echo(200, "hello %s")},
		{"one that echoes it in a rejection", echo(200, `{"rejectedCount":1,"results":[{"status":"rejected","error":"no such key %s"}]}`)},
		{"one that echoes it in a rejection for now", echo(200, `{"rejectedCount":1,"results":[{"status":"rejected","error":"failed to publish event: %s"}]}`)},
		{"a transport that puts the request into its error", func(_ *gateway, r *http.Request, _ *arrival) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %v: %w", r.Header, io.ErrUnexpectedEOF)
		}},
		{"a transport that panics with the request", func(_ *gateway, r *http.Request, _ *arrival) (*http.Response, error) {
			panic(r.Header)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var log bytes.Buffer
			var reported []error
			g := newGateway(t)
			g.then(tt.act)
			client := newClient(t, g, func(cfg *causality.Config) {
				cfg.MaxRetries = -1
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				cfg.OnError = func(err error) {
					mu.Lock()
					defer mu.Unlock()
					reported = append(reported, err)
				}
				cfg.OnDrop = func(e causality.DroppedEvent) { cfg.OnError(e.Err) }
			})
			track(client, 0, 1)
			err := client.Flush()
			abandon(client)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && len(reported) == 0 {
				t.Error("no error")
			}
			for err := range chain(append(reported, err)...) {
				hidden(t, "an error", fmt.Sprintf("%v %+v %#v", err, err, err))
			}
			hidden(t, "Stats", fmt.Sprintf("%+v", client.Stats()))
			hidden(t, "the log", log.String())
		})
	}
}

// chain yields the errors and all that they wrap.
func chain(errs ...error) func(yield func(error) bool) {
	return func(yield func(error) bool) {
		for len(errs) > 0 {
			err := errs[0]
			errs = errs[1:]
			if err == nil {
				continue
			}
			if !yield(err) {
				return
			}
			switch err := err.(type) {
			case interface{ Unwrap() []error }:
				errs = append(errs, err.Unwrap()...)
			default:
				errs = append(errs, errors.Unwrap(err))
			}
		}
	}
}

func TestAConfigErrorShowsNeitherKeyNorCredentials(t *testing.T) {
	for _, endpoint := range []string{
		"https://ada:" + testKey + "@gateway.test", "ada:" + testKey + "@gateway.test", "//ada:" + testKey + "@gateway.test",
		"http:ada:" + testKey + "@gateway.test", "https://ada:" + testKey + "@", "ftp://ada:" + testKey + "@gateway.test",
		"https://ada:" + testKey + "@gateway.test:port", "https://" + testKey + "@gateway.test", "https://ada:%zz" + testKey + "@gateway.test",
	} {
		cfg := config(nil)
		cfg.APIKey, cfg.Endpoint = testKey+"\n", endpoint
		_, err := causality.New(cfg)
		if err == nil {
			t.Errorf("%s is taken for an Endpoint", endpoint)
			continue
		}
		hidden(t, "the error", err.Error())
		text, _ := json.Marshal(cfg)
		hidden(t, "the Config", fmt.Sprintf("%v %s", cfg, text))
	}
}
