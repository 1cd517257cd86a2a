package causality_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// clearEnv unsets every variable that a Config can come from, for this test.
func clearEnv(t *testing.T) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "CAUSALITY_") {
			t.Setenv(name, "") // so that it is restored
			os.Unsetenv(name)
		}
	}
}

func TestAConfigIsRefusedWithItsFieldAndAnExample(t *testing.T) {
	clearEnv(t)
	tests := []struct {
		name   string
		change func(*causality.Config)
		want   string // a regular expression
	}{
		{"no key", func(c *causality.Config) { c.APIKey = "" }, `APIKey is empty.*CAUSALITY_API_KEY`},
		{"a key with a line feed", func(c *causality.Config) { c.APIKey = testKey + "\n" }, `APIKey has characters.*TrimSpace`},
		{"a key with a space", func(c *causality.Config) { c.APIKey = "a b" }, `APIKey has characters`},
		{"a key that is not ASCII", func(c *causality.Config) { c.APIKey = "ключ" }, `APIKey has characters`},
		{"no endpoint", func(c *causality.Config) { c.Endpoint = "" }, `Endpoint is empty.*for example https://`},
		{"an endpoint without scheme", func(c *causality.Config) { c.Endpoint = "gateway.test" }, `Endpoint is "gateway.test", which does not start with http.*for example`},
		{"an endpoint with host and port alone", func(c *causality.Config) { c.Endpoint = "localhost:8080" }, `Endpoint is "localhost:8080", which does not start with http`},
		{"an endpoint of another scheme", func(c *causality.Config) { c.Endpoint = "ftp://gateway.test" }, `Endpoint is "ftp://gateway.test", which does not start`},
		{"an endpoint without host", func(c *causality.Config) { c.Endpoint = "https://" }, `Endpoint is "https://", which has no host`},
		{"an endpoint with a port alone", func(c *causality.Config) { c.Endpoint = "https://:8080" }, `Endpoint .* has no host`},
		{"an endpoint that is no URL", func(c *causality.Config) { c.Endpoint = "https://a b" }, `Endpoint is "https://a b", which is not a URL`},
		{"an endpoint with a line feed", func(c *causality.Config) { c.Endpoint = "https://gateway.test\n" }, `Endpoint is "https://gateway.test\\n", which is not a URL`},
		{"an endpoint with credentials", func(c *causality.Config) { c.Endpoint = "https://u:p@gateway.test" }, `Endpoint carries a user name`},
		{"an endpoint with a query", func(c *causality.Config) { c.Endpoint = "https://gateway.test?a=b" }, `Endpoint carries a query`},
		{"an endpoint with an empty query", func(c *causality.Config) { c.Endpoint = "https://gateway.test/?" }, `Endpoint carries a query`},
		{"an endpoint with a fragment", func(c *causality.Config) { c.Endpoint = "https://gateway.test#x" }, `Endpoint carries a query or a fragment`},
		{"no app", func(c *causality.Config) { c.AppID = "" }, `AppID is empty.*for example checkout`},
		{"an app with a space", func(c *causality.Config) { c.AppID = "my app" }, `AppID is "my app"; only letters.*for example`},
		{"an app with a slash", func(c *causality.Config) { c.AppID = "a/b" }, `AppID is "a/b"`},
		{"an app with a line feed", func(c *causality.Config) { c.AppID = "a\n" }, `AppID is "a\\n"`},
		{"an app that is not ASCII", func(c *causality.Config) { c.AppID = "café" }, `AppID is "café"`},
		{"an app that is too long", func(c *causality.Config) { c.AppID = strings.Repeat("a", 257) }, `AppID is "a{64}"`},
		{"MaxBatchSize over the gateway's limit", func(c *causality.Config) { c.MaxBatchSize = 1001 }, `MaxBatchSize is 1001.*1 to 1000.*for example 1000`},
		{"a negative MaxBatchSize", func(c *causality.Config) { c.MaxBatchSize = -1 }, `MaxBatchSize is -1`},
		{"a negative BatchSize", func(c *causality.Config) { c.BatchSize = -5 }, `BatchSize is -5; .*for example 50`},
		{"BatchSize over MaxBatchSize", func(c *causality.Config) { c.BatchSize, c.MaxBatchSize = 60, 50 }, `BatchSize is 60; it must be from 1 to 50 \(MaxBatchSize.*for example 50$`},
		{"BatchSize over the gateway's limit", func(c *causality.Config) { c.BatchSize = 1001 }, `BatchSize is 1001; it must be from 1 to 1000`},
		{"MaxRetries under -1", func(c *causality.Config) { c.MaxRetries = -2 }, `MaxRetries is -2; it must be at least -1 \(-1 means none\), for example 3`},
		{"a negative FlushInterval", func(c *causality.Config) { c.FlushInterval = -time.Second }, `FlushInterval is -1s.*for example 30\*time.Second`},
		{"a negative Timeout", func(c *causality.Config) { c.Timeout = -1 }, `Timeout is -1ns.*for example`},
		{"a negative CloseTimeout", func(c *causality.Config) { c.CloseTimeout = -1 }, `CloseTimeout is -1ns.*for example`},
		{"a negative MaxQueueBytes", func(c *causality.Config) { c.MaxQueueBytes = -1 }, `MaxQueueBytes is -1`},
		{"MaxQueueBytes in MiB", func(c *causality.Config) { c.MaxQueueBytes = 32 }, `MaxQueueBytes is 32; it must be at least 1024 \(it counts bytes\), for example 33554432`},
		{"a FlushInterval without its unit", func(c *causality.Config) { c.FlushInterval = 30 }, `FlushInterval is 30ns; it must be at least 1ms \(a plain number counts nanoseconds\), for example 30\*time.Second`},
		{"a Timeout without its unit", func(c *causality.Config) { c.Timeout = 10 }, `Timeout is 10ns; .*for example 10\*time.Second`},
		{"a CloseTimeout without its unit", func(c *causality.Config) { c.CloseTimeout = 15000 }, `CloseTimeout is 15µs; .*for example 15\*time.Second`},
		{"too many in flight", func(c *causality.Config) { c.MaxInFlight = 1001 }, `MaxInFlight is 1001; it must be from 1 to 1000`},
		{"an address without scheme", func(c *causality.Config) { c.Endpoint = "127.0.0.1:8080" }, `Endpoint is "127.0.0.1:8080", which does not start with http:// or https://`},
		{"an IPv6 address without scheme", func(c *causality.Config) { c.Endpoint = "[::1]:8080" }, `Endpoint is "\[::1\]:8080", which does not start with http`},
		{"a port that is none", func(c *causality.Config) { c.Endpoint = "https://gateway.test:99999" }, `Endpoint is "https://gateway.test:99999", whose port is not from 1 to 65535`},
		{"port 0", func(c *causality.Config) { c.Endpoint = "https://gateway.test:0" }, `Endpoint .* whose port is not from 1 to 65535`},
		{"a port of letters", func(c *causality.Config) { c.Endpoint = "https://gateway.test:http" }, `Endpoint .* is not a URL`},
		{"an endpoint with the path", func(c *causality.Config) { c.Endpoint = "https://gateway.test/v1/events/batch" }, `Endpoint is "https://gateway.test/v1/events/batch"; leave /v1/events/batch out`},
		{"an endpoint with the path of another call", func(c *causality.Config) { c.Endpoint = "https://gateway.test/v1/events/ingest" }, `leave /v1/events/ingest out: the client adds /v1/events/batch`},
		{"an endpoint with a part of the path", func(c *causality.Config) { c.Endpoint = "https://gateway.test/v1/events/" }, `leave /v1/events out: the client adds /v1/events/batch`},
		{"a sync interval in nanoseconds", func(c *causality.Config) { c.Spool = causality.Spool{Dir: t.TempDir(), SyncInterval: 5} }, `Spool.SyncInterval is 5ns; it must be at least 1ms \(a plain number counts nanoseconds\), for example 1\*time.Second`},
		{"an endpoint with the path below another", func(c *causality.Config) { c.Endpoint = "https://gateway.test/base/v1/events/batch/" }, `leave /v1/events/batch out`},
		{"credentials behind one slash", func(c *causality.Config) { c.Endpoint = "http:/user:secret@gateway.test" }, `Endpoint carries a user name`},
		{"credentials without scheme", func(c *causality.Config) { c.Endpoint = "user:secret@gateway.test" }, `Endpoint carries a user name`},
		{"credentials of another scheme", func(c *causality.Config) { c.Endpoint = "ftp://user:secret@gateway.test" }, `Endpoint carries a user name`},
		{"credentials and no URL", func(c *causality.Config) { c.Endpoint = "https://user:sec ret@gateway.test" }, `Endpoint is "\[redacted\]", which is not a URL`},
		{"credentials with an escape", func(c *causality.Config) { c.Endpoint = "https://user:secret%40gateway.test" }, `Endpoint is "\[redacted\]"`},
		{"a token in another scheme", func(c *causality.Config) { c.Endpoint = "ftp://gateway.test?token=secret" }, `Endpoint is "\[redacted\]", which does not start`},
		{"a token without scheme", func(c *causality.Config) { c.Endpoint = "gateway.test?token=secret" }, `Endpoint is "\[redacted\]", which does not start`},
		{"a key in the place of the endpoint", func(c *causality.Config) { c.Endpoint = testKey }, `Endpoint is "\[redacted\]", which does not start`},
		{"a negative MaxInFlight", func(c *causality.Config) { c.MaxInFlight = -1 }, `MaxInFlight is -1.*for example 4`},
	}
	var all causality.Config
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(nil)
			tt.change(&cfg)
			client, err := causality.New(cfg)
			if err == nil {
				abandon(client)
				t.Fatal("New took it")
			}
			if !regexp.MustCompile(tt.want).MatchString(err.Error()) || !strings.HasPrefix(err.Error(), "causality: Config: ") {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), "secret") {
				t.Errorf("a secret is shown in %v or %v", err, cfg)
			}
			if n := strings.Count(err.Error(), "\n"); n != 0 {
				t.Errorf("%d problems for one: %v", n+1, err)
			}
		})
		tt.change(&all)
	}
	all.APIKey, all.Endpoint, all.AppID, all.BatchSize, all.MaxBatchSize = "", "", "a b", -5, 1001
	_, err := causality.New(all)
	for _, field := range []string{"APIKey", "Endpoint", "AppID", "BatchSize", "MaxBatchSize", "MaxRetries", "FlushInterval", "Timeout", "CloseTimeout", "MaxQueueBytes", "MaxInFlight"} {
		if err == nil || !strings.Contains(err.Error(), field+" is") {
			t.Errorf("%s is missing in %v", field, err)
		}
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.HasPrefix(line, "causality: Config: ") {
			t.Errorf("a line that does not read alone: %s", line)
		}
	}
}

func TestNew_SaysAllThatIsMissing(t *testing.T) {
	clearEnv(t)
	tests := []struct {
		name string
		cfg  causality.Config
		want []string // what each line has
		none bool     // nothing at all is configured
	}{
		{"all", causality.Config{}, []string{"CAUSALITY_API_KEY, CAUSALITY_ENDPOINT and CAUSALITY_APP_ID.*CAUSALITY_DRY_RUN=1.*CAUSALITY_DISABLED=1.*nil"}, true},
		{"all, and something is wrong", causality.Config{BatchSize: -1}, []string{"CAUSALITY_API_KEY", "BatchSize is -1"}, true},
		{"but the app", causality.Config{AppID: "checkout"}, []string{"APIKey.*CAUSALITY_API_KEY.*CAUSALITY_DRY_RUN=1", "Endpoint.*CAUSALITY_ENDPOINT.*CAUSALITY_DRY_RUN=1"}, false},
		{"the app", causality.Config{APIKey: testKey, Endpoint: "https://gateway.test"}, []string{"AppID.*CAUSALITY_APP_ID.*CAUSALITY_DRY_RUN=1"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, err := causality.New(tt.cfg)
			if client != nil || err == nil {
				t.Fatalf("%v, %v", client, err)
			}
			if got := errors.Is(err, causality.ErrNotConfigured); got != tt.none {
				t.Errorf("ErrNotConfigured: %v in %v", got, err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("%d lines: %v", len(lines), err)
			}
			for i, want := range tt.want {
				if !regexp.MustCompile("^causality: .*" + want).MatchString(lines[i]) {
					t.Errorf("got  %s\nwant %s", lines[i], want)
				}
			}
		})
	}
	for _, name := range []string{"CAUSALITY_DISABLED", "CAUSALITY_DRY_RUN"} {
		t.Setenv(name, "1")
		client, err := causality.New(causality.Config{Logger: discard})
		if err != nil {
			t.Errorf("with %s: %v", name, err)
		}
		abandon(client)
		t.Setenv(name, "")
	}
}

func TestNew_WarnsOfAKeyThatIsNone(t *testing.T) {
	for key, want := range map[string]int{
		testKey: 0, "dev-key!": 1, strings.ToUpper(testKey): 1, testKey[1:]: 1, testKey + "0": 1, strings.Repeat("g", 64): 1,
	} {
		var book logbook
		client := newClient(t, newGateway(t), func(cfg *causality.Config) { cfg.APIKey, cfg.Logger = key, slog.New(&book) })
		abandon(client)
		lines := book.about("APIKey is not 64 lower-case hex digits")
		if len(lines) != want || want == 1 && lines[0].level != slog.LevelWarn {
			t.Errorf("%s: %v", key, lines)
		}
	}
}

func TestConfigsThatAreFine(t *testing.T) {
	clearEnv(t)
	for name, change := range map[string]func(*causality.Config){
		"the least": func(c *causality.Config) {
			*c = causality.Config{APIKey: testKey, Endpoint: c.Endpoint, AppID: c.AppID}
		},
		"plain http":                    func(c *causality.Config) { c.Endpoint = "http://localhost:8080" },
		"an address":                    func(c *causality.Config) { c.Endpoint = "http://[::1]:8080/base/" },
		"capitals in the scheme":        func(c *causality.Config) { c.Endpoint = "HTTPS://gateway.test" },
		"every character of an app":     func(c *causality.Config) { c.AppID = "aZ09._-" },
		"the longest app":               func(c *causality.Config) { c.AppID = strings.Repeat("a", 256) },
		"a key that is no hex":          func(c *causality.Config) { c.APIKey = "dev-key!" },
		"a small MaxBatchSize alone":    func(c *causality.Config) { c.MaxBatchSize = 10 },
		"the gateway's limits":          func(c *causality.Config) { c.BatchSize, c.MaxBatchSize = 1000, 1000 },
		"no retries":                    func(c *causality.Config) { c.MaxRetries = -1 },
		"the smallest queue":            func(c *causality.Config) { c.MaxQueueBytes = 1024 },
		"the shortest times":            func(c *causality.Config) { c.FlushInterval, c.Timeout, c.CloseTimeout = 1e6, 1e6, 1e6 },
		"the highest port":              func(c *causality.Config) { c.Endpoint = "https://gateway.test:65535" },
		"a path that has an at sign":    func(c *causality.Config) { c.Endpoint = "https://gateway.test/@scope" },
		"one event a request":           func(c *causality.Config) { c.BatchSize, c.MaxBatchSize = 1, 1 },
		"a device that is no host name": func(c *causality.Config) { c.DeviceID = "naïve device\n" },
	} {
		cfg := config(nil)
		change(&cfg)
		client, err := causality.New(cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		abandon(client)
	}
}

func TestConfigFromEnv(t *testing.T) {
	clearEnv(t)
	for name, value := range map[string]string{
		"API_KEY": testKey, "ENDPOINT": "https://gateway.test/base/", "APP_ID": "checkout", "DEVICE_ID": "web-3", "APP_VERSION": "1.2.3",
		"BATCH_SIZE": "7", "MAX_BATCH_SIZE": "70", "MAX_RETRIES": "-1", "MAX_QUEUE_BYTES": "1048576", "MAX_IN_FLIGHT": "2",
		"FLUSH_INTERVAL": "90s", "TIMEOUT": "1m30s", "CLOSE_TIMEOUT": "500ms", "REUSE_KEYS": "true",
	} {
		t.Setenv("CAUSALITY_"+name, value)
	}
	got := causality.ConfigFromEnv()
	want := causality.Config{
		APIKey: testKey, Endpoint: "https://gateway.test/base/", AppID: "checkout", DeviceID: "web-3", AppVersion: "1.2.3",
		BatchSize: 7, MaxBatchSize: 70, MaxRetries: -1, MaxQueueBytes: 1 << 20, MaxInFlight: 2,
		FlushInterval: 90 * time.Second, Timeout: 90 * time.Second, CloseTimeout: 500 * time.Millisecond, ReuseKeys: true,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || got.APIKey != testKey || got.Disabled {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	client, err := causality.New(got)
	if err != nil {
		t.Fatal(err)
	}
	abandon(client)
}

func TestAnEnvironmentThatSaysNothingLeavesTheDefaults(t *testing.T) {
	clearEnv(t)
	t.Setenv("CAUSALITY_BATCH_SIZE", "")
	if got := causality.ConfigFromEnv(); fmt.Sprint(got) != fmt.Sprint(causality.Config{}) {
		t.Errorf("got %v", got)
	}
}

func TestVariablesThatCannotBeReadAreAllReported(t *testing.T) {
	clearEnv(t)
	unset := map[string]string{"DISABLED": " ", "DRY_RUN": "\t", "BATCH_SIZE": " ", "TIMEOUT": ""}
	for name, value := range unset {
		t.Setenv("CAUSALITY_"+name, value)
	}
	if _, err := causality.New(withEnv(config(nil))); err != nil {
		t.Errorf("white space is no value: %v", err)
	}
	bad := map[string]string{
		"BATCH_SIZE": "many", "MAX_BATCH_SIZE": "1e3", "MAX_RETRIES": "three", "MAX_QUEUE_BYTES": "32MiB", "MAX_IN_FLIGHT": "4.0",
		"FLUSH_INTERVAL": "30", "TIMEOUT": "10 s", "CLOSE_TIMEOUT": "soon", "DISABLED": "maybe", "DRY_RUN": "a bit", "REUSE_KEYS": "perhaps",
	}
	for name, value := range bad {
		t.Setenv("CAUSALITY_"+name, value)
	}
	_, err := causality.New(withEnv(config(nil)))
	for name, value := range bad {
		want := fmt.Sprintf(`CAUSALITY_%s is %q, which cannot be read; for example CAUSALITY_%[1]s=`, name, value)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
		if n := strings.Count(err.Error(), "CAUSALITY_"+name+" is"); n != 1 {
			t.Errorf("%s is said %d times in %v", name, n, err)
		}
	}
}

// withEnv is a Config that was read from the environment and then set by code.
func withEnv(set causality.Config) causality.Config {
	cfg := causality.ConfigFromEnv()
	cfg.APIKey, cfg.Endpoint, cfg.AppID, cfg.Transport, cfg.Logger = set.APIKey, set.Endpoint, set.AppID, set.Transport, set.Logger
	cfg.MaxRetries, cfg.CloseTimeout = 1, time.Second
	return cfg
}

// A variable that has no effect is an error, also where code has the last word.
func TestVariablesThatAreOutOfRangeAreNamed(t *testing.T) {
	for variable, values := range map[string][]string{
		"MAX_RETRIES": {"-5", "0", "99999999999999999999"}, "BATCH_SIZE": {"0", "-1", "1001"}, "MAX_BATCH_SIZE": {"0", "5000"},
		"MAX_QUEUE_BYTES": {"1", "32", "0"}, "MAX_IN_FLIGHT": {"0", "1001"},
		"CLOSE_TIMEOUT": {"0", "0s", "-1s", "15ns"}, "TIMEOUT": {"0", "10us"}, "FLUSH_INTERVAL": {"0", "30ns"},
	} {
		for _, value := range values {
			clearEnv(t)
			t.Setenv("CAUSALITY_"+variable, value)
			_, err := causality.New(withEnv(config(nil)))
			if want := fmt.Sprintf("causality: Config: CAUSALITY_%s is %q, ", variable, value); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "; for example CAUSALITY_"+variable+"=") {
				t.Errorf("%s=%s: %v", variable, value, err)
			}
		}
	}
}

func TestSwitchesAreReadAsPeopleWriteThem(t *testing.T) {
	for value, want := range map[string]bool{
		"1": true, "true": true, "TRUE": true, "yes": true, "Yes": true, "on": true, "y": true, "t": true, " true ": true, "on\n": true,
		"0": false, "false": false, "no": false, "off": false, "OFF": false, " no ": false, "": false, " ": false,
	} {
		clearEnv(t)
		t.Setenv("CAUSALITY_DISABLED", value)
		if got := causality.ConfigFromEnv().Disabled; got != want {
			t.Errorf("%q is %v in ConfigFromEnv", value, got)
		}
		client := newClient(t, newGateway(t)) // whose Config says nothing of it
		track(client, 0, 1)
		if got := client.Stats().Dropped.Disabled == 1; got != want {
			t.Errorf("%q is %v for a client", value, got)
		}
	}
	for _, name := range []string{"CAUSALITY_DISABLED", "CAUSALITY_DRY_RUN"} {
		clearEnv(t)
		t.Setenv(name, "maybe")
		// Also where the Config was written by hand: these act on every client.
		if _, err := causality.New(config(nil)); err == nil || !strings.Contains(err.Error(), name+` is "maybe", which cannot be read`) {
			t.Errorf("%v", err)
		}
	}
}

func TestADisabledClientNeedsNothingAndCountsEverything(t *testing.T) {
	clearEnv(t)
	tests := []struct {
		name string
		env  string
		cfg  causality.Config
	}{
		{"by its Config", "", causality.Config{Disabled: true}},
		{"by the environment", "1", causality.Config{}},
		{"by the environment, whatever its Config says", "true", config(nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("CAUSALITY_DISABLED", tt.env)
			g := newGateway(t)
			tt.cfg.Transport, tt.cfg.Logger = g, discard
			tt.cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
				t.Error("BeforeTrack was called")
				return e, true
			}
			client, err := causality.New(tt.cfg)
			if err != nil {
				t.Fatal(err)
			}
			track(client, 0, 100)
			client.Track(causality.Event{})
			flush(t, client)
			if err := client.FlushContext(context.Background()); err != nil {
				t.Error(err)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			if s := balanced(t, client); s.Tracked != 101 || s.Dropped.Disabled != 101 || g.count() != 0 {
				t.Errorf("%d requests, %+v", g.count(), s)
			}
		})
	}
	t.Run("whose other fields are wrong is refused all the same", func(t *testing.T) {
		if _, err := causality.New(causality.Config{Disabled: true, BatchSize: -1}); err == nil {
			t.Error("New took it")
		}
	})
}

func TestTheConfigIsCopied(t *testing.T) {
	cfg := config(newGateway(t))
	cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr { return a }
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer abandon(client)
	cfg.ReplaceAttr = func([]string, slog.Attr) slog.Attr { panic("changed") }
	cfg.AppID, cfg.BatchSize = "other", 1
	track(client, 0, 2)
	if s := balanced(t, client); s.Queued != 2 || s.Properties.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}
