package causality

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Limits and defaults of Config.
const (
	// gateway: more than 1000 events refuse the whole request.
	gatewayMaxBatch = 1000
	// Each request in flight may hold 1 MiB and a connection.
	maxInFlight = 1000

	defaultBatchSize     = 50
	defaultFlushInterval = 30 * time.Second
	defaultMaxRetries    = 3
	defaultTimeout       = 10 * time.Second
	defaultMaxQueueBytes = 32 << 20
	defaultMaxInFlight   = 4
	defaultCloseTimeout  = 15 * time.Second
)

// Config says where events go and how. APIKey, Endpoint and AppID are required;
// a zero value anywhere else means the default. New copies the Config: changes
// made afterwards have no effect. Sizes and durations must not be negative. A
// field whose comment ends in the name of an environment variable can be set from
// outside, if the Config comes from [ConfigFromEnv].
//
// The API key is shown as "[redacted]" wherever a Config is printed with a verb
// for text (%v, %+v, %#v, %s, %q), logged or marshalled. Package fmt does not ask
// a value in an unexported field of yours how it is to be shown: keep a *Config
// or, better, only the Client there.
type Config struct {
	// APIKey is the gateway's key of 64 lower-case hex digits, sent as
	// X-API-Key. Required. CAUSALITY_API_KEY.
	APIKey string
	// Endpoint is the gateway's base URL, for example
	// "https://events.example.com"; "/v1/events/batch" is added to it. It may
	// carry a path and a trailing slash, not credentials. Required.
	// CAUSALITY_ENDPOINT.
	Endpoint string
	// AppID names this application: [A-Za-z0-9._-]{1,256}. Required.
	// CAUSALITY_APP_ID.
	AppID string

	// BatchSize is how many waiting events start a send. Default 50, at most
	// MaxBatchSize. CAUSALITY_BATCH_SIZE.
	BatchSize int
	// MaxBatchSize is the most events in one request; requests grow from
	// BatchSize up to it while a backlog waits. Default 1000, which is also the
	// gateway's limit. CAUSALITY_MAX_BATCH_SIZE.
	MaxBatchSize int
	// FlushInterval is the longest an event waits for company before it is
	// sent. Default 30 s. CAUSALITY_FLUSH_INTERVAL, as "30s".
	FlushInterval time.Duration
	// MaxRetries is how often one request is repeated before its error is
	// reported and the client pauses. Its events are kept either way. Default
	// 3; -1 for none. CAUSALITY_MAX_RETRIES.
	MaxRetries int
	// Timeout bounds one HTTP request, from connecting to the last byte of the
	// reply. Default 10 s. CAUSALITY_TIMEOUT, as "10s".
	Timeout time.Duration
	// DeviceID is the device_id of events that carry none. Default: the host
	// name, or "unknown" where there is none. CAUSALITY_DEVICE_ID.
	DeviceID string
	// MaxQueueBytes bounds the encoded events that wait or are in flight;
	// beyond it new events are dropped and counted as QueueFull. Default 32
	// MiB: at about 500 bytes an event that is 67 000 events, or 67 seconds of
	// outage at 1000 events a second. The client's memory stays within it plus
	// MaxInFlight request bodies of at most 1 MiB. CAUSALITY_MAX_QUEUE_BYTES.
	MaxQueueBytes int
	// MaxInFlight is how many requests may be under way at a time. Default 4, at
	// most 1000. CAUSALITY_MAX_IN_FLIGHT.
	MaxInFlight int
	// CloseTimeout is what Close may take to deliver what is left. Default
	// 15 s. CAUSALITY_CLOSE_TIMEOUT, as "15s".
	CloseTimeout time.Duration
	// Disabled makes a client that counts events and sends nothing; it needs
	// no key, endpoint or app. Default false. Meant for laptops and tests.
	// Setting CAUSALITY_DISABLED=1 disables every client of the process,
	// whatever its Config says.
	Disabled bool
	// DryRun makes a client that sends nothing and prints each event to this
	// writer instead, as it would have been sent: ReplaceAttr and BeforeTrack
	// are called. It needs no key, endpoint or app. The events count as
	// Dropped.Disabled. It is meant for a developer's machine: Track waits for
	// the writer, which gets each event in one Write, never two at a time, and
	// must not call Track. A disabled client prints nothing. Default nil: events
	// are sent. Setting CAUSALITY_DRY_RUN=1 prints the events of every client of
	// the process to standard error, whatever its Config says.
	DryRun io.Writer
	// AtLeastOnce chooses what happens after a request whose outcome nobody
	// knows, such as a timeout. By default its events are sent again under the
	// same idempotency keys, as the gateway's contract says: no event is
	// stored twice, but the gateway may have marked a key as seen without
	// storing the event, and that event is lost (Stats.Uncertain counts the
	// candidates). With AtLeastOnce they are sent under new keys: none is
	// lost, and some may be stored twice, with the same id. Default false.
	// CAUSALITY_AT_LEAST_ONCE.
	AtLeastOnce bool
	// TypedPayloads sends an event whose type is in the platform's catalogue
	// (EventPurchaseComplete and so on) as the payload that the catalogue has
	// for it, if its required properties are there and every value converts;
	// else, as by default, as a custom event. Where the payload has no user_id,
	// UserID is sent as the device_id, if nobody chose one; SessionID is sent
	// as the correlation_id, if there is none. Properties that the payload has
	// no field for are left out, counted in Stats.Properties.Dropped and named
	// in the log. A field of a message, such as coordinates.x, is the property
	// coordinates_x, or x in a group coordinates. Default false; not with
	// FormatFlat. CAUSALITY_TYPED_PAYLOADS.
	TypedPayloads bool
	// Format is the JSON form in which events are sent. Default
	// FormatEnvelope, which is what the gateway takes.
	Format Format

	// ReplaceAttr is called for every property before it is encoded, to
	// rename, redact or drop it (by returning the zero Attr). It has the
	// signature and the meaning of slog.HandlerOptions.ReplaceAttr: groups are
	// the names of the groups and nested maps around the attribute, neither
	// groups nor their contents may be kept or changed, and it is not called
	// for a group itself. It does not see what Event carries in fields of its
	// own, such as UserID: BeforeTrack does. It is called on the goroutine of
	// Track and must be safe for concurrent use. If it panics, the property is
	// left out. Default nil: properties are sent as they are.
	ReplaceAttr func(groups []string, a slog.Attr) slog.Attr
	// Identity says whom an event is about, from the context of TrackContext or
	// of a log call, where the event or the log line does not say it itself. It
	// is called on the goroutine that tracks or logs, for events only, and must
	// be safe for concurrent use. If it panics, it has said nothing. Default
	// IdentityFromContext; a function that adds to it can return
	// id.Or(causality.IdentityFromContext(ctx)).
	Identity func(context.Context) Identity
	// BeforeTrack is called with every event, defaults filled in, before it is
	// encoded. It may change the event (consent, enrichment) or refuse it by
	// returning false (sampling, allow-list), which counts as Filtered. All
	// properties are in Event.Attrs, those of Properties first, in the order of
	// their keys; Properties is nil. Attrs and what is in it is a copy, which
	// BeforeTrack may change and keep. The context is that of TrackContext or
	// of the log call, or context.Background(). BeforeTrack is called on the
	// goroutine of Track, before ReplaceAttr, and must be safe for concurrent
	// use. If it panics, the event is refused. Default nil: every event is sent.
	BeforeTrack func(context.Context, Event) (Event, bool)
	// Transport sends the requests. Default: a connection pool of the client's
	// own, which honours HTTP_PROXY and friends and speaks HTTP/2. Redirects
	// are never followed, whatever the Transport.
	Transport http.RoundTripper
	// Logger receives the client's own diagnostics: at most one line of a kind
	// every 10 seconds. Default what slog.Default() is at that time;
	// slog.New(slog.DiscardHandler) silences them.
	Logger *slog.Logger
	// OnError is called with every delivery error, in order, from one
	// goroutine that is not the caller's. Beyond 100 waiting errors the newest
	// are merged and carry a count. It must not call Flush or Close. Default
	// nil: errors are only logged and counted.
	OnError func(error)

	// envErrors are the variables that ConfigFromEnv could not read; New
	// reports them with everything else that is wrong.
	envErrors []error
}

// ConfigFromEnv returns a Config with what the environment says: CAUSALITY_API_KEY,
// CAUSALITY_ENDPOINT, CAUSALITY_APP_ID, CAUSALITY_DEVICE_ID,
// CAUSALITY_BATCH_SIZE, CAUSALITY_MAX_BATCH_SIZE, CAUSALITY_MAX_RETRIES,
// CAUSALITY_MAX_QUEUE_BYTES and CAUSALITY_MAX_IN_FLIGHT (numbers),
// CAUSALITY_FLUSH_INTERVAL, CAUSALITY_TIMEOUT and CAUSALITY_CLOSE_TIMEOUT
// (durations such as "30s"), CAUSALITY_DISABLED, CAUSALITY_DRY_RUN (to standard
// error), CAUSALITY_AT_LEAST_ONCE and CAUSALITY_TYPED_PAYLOADS (1 or true). A
// variable that is unset or empty leaves the field zero. One that cannot be read
// is reported by [New].
func ConfigFromEnv() Config {
	cfg := Config{
		APIKey:   os.Getenv("CAUSALITY_API_KEY"),
		Endpoint: os.Getenv("CAUSALITY_ENDPOINT"),
		AppID:    os.Getenv("CAUSALITY_APP_ID"),
		DeviceID: os.Getenv("CAUSALITY_DEVICE_ID"),
	}
	env(&cfg, "BATCH_SIZE", &cfg.BatchSize, strconv.Atoi, "50")
	env(&cfg, "MAX_BATCH_SIZE", &cfg.MaxBatchSize, strconv.Atoi, "1000")
	env(&cfg, "MAX_RETRIES", &cfg.MaxRetries, strconv.Atoi, "3")
	env(&cfg, "MAX_QUEUE_BYTES", &cfg.MaxQueueBytes, strconv.Atoi, "33554432")
	env(&cfg, "MAX_IN_FLIGHT", &cfg.MaxInFlight, strconv.Atoi, "4")
	env(&cfg, "FLUSH_INTERVAL", &cfg.FlushInterval, time.ParseDuration, "30s")
	env(&cfg, "TIMEOUT", &cfg.Timeout, time.ParseDuration, "10s")
	env(&cfg, "CLOSE_TIMEOUT", &cfg.CloseTimeout, time.ParseDuration, "15s")
	env(&cfg, "DISABLED", &cfg.Disabled, strconv.ParseBool, "1")
	env(&cfg, "DRY_RUN", &cfg.DryRun, dryRunWriter, "1")
	env(&cfg, "AT_LEAST_ONCE", &cfg.AtLeastOnce, strconv.ParseBool, "1")
	env(&cfg, "TYPED_PAYLOADS", &cfg.TypedPayloads, strconv.ParseBool, "1")
	return cfg
}

func env[T any](cfg *Config, name string, field *T, parse func(string) (T, error), example string) {
	name = "CAUSALITY_" + name
	text := os.Getenv(name)
	if text == "" {
		return
	}
	value, err := parse(text)
	if err != nil {
		cfg.envErrors = append(cfg.envErrors, fmt.Errorf("%s is %q, which cannot be read; for example %s=%s", name, text, name, example))
		return
	}
	*field = value
}

// disabledByEnv is the operator's switch: it works without a change of code.
func disabledByEnv() bool {
	disabled, err := strconv.ParseBool(os.Getenv("CAUSALITY_DISABLED"))
	return err == nil && disabled
}

// dryRunWriter is where CAUSALITY_DRY_RUN asks events to be printed, or nil.
func dryRunWriter(text string) (io.Writer, error) {
	if debug, err := strconv.ParseBool(text); err != nil || !debug {
		return nil, err
	}
	return os.Stderr, nil
}

// withDefaults returns the Config with its zero values filled in.
func (c Config) withDefaults() Config {
	c.Disabled = c.Disabled || disabledByEnv()
	if c.DryRun == nil {
		c.DryRun, _ = dryRunWriter(os.Getenv("CAUSALITY_DRY_RUN"))
	}
	if c.Identity == nil {
		c.Identity = IdentityFromContext
	}
	if c.MaxBatchSize == 0 {
		c.MaxBatchSize = gatewayMaxBatch
	}
	if c.BatchSize == 0 {
		// A user who lowers MaxBatchSize alone means it.
		c.BatchSize = min(defaultBatchSize, max(c.MaxBatchSize, 1))
	}
	setDefault(&c.FlushInterval, defaultFlushInterval)
	setDefault(&c.MaxRetries, defaultMaxRetries)
	setDefault(&c.Timeout, defaultTimeout)
	setDefault(&c.MaxQueueBytes, defaultMaxQueueBytes)
	setDefault(&c.MaxInFlight, defaultMaxInFlight)
	setDefault(&c.CloseTimeout, defaultCloseTimeout)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// validate reports everything that is wrong with c at once, each problem with
// the field, what is wrong and an example of what is right. It expects the
// defaults to be filled in.
func (c *Config) validate() error {
	problems := append([]error(nil), c.envErrors...)
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if !c.Disabled && c.DryRun == nil {
		switch {
		case c.APIKey == "":
			bad("APIKey is empty; it is the gateway's key of 64 hex digits, for example from os.Getenv(\"CAUSALITY_API_KEY\")")
		case !printableASCII(c.APIKey):
			// Named, never shown: it is a secret even when it is mistyped.
			bad("APIKey has characters that cannot stand in an HTTP header (a line feed from a file?); it is 64 hex digits, for example strings.TrimSpace of what was read")
		}
		if problem := endpointProblem(c.Endpoint); problem != "" {
			bad("Endpoint %s; for example https://events.example.com", problem)
		}
		switch {
		case c.AppID == "":
			bad("AppID is empty; it names this application, for example checkout")
		case !validAppID(c.AppID):
			bad("AppID is %q; only letters, digits, dot, underscore and hyphen may stand in it, at most 256, for example checkout-eu", cutAtRune(c.AppID, 64))
		}
	}
	if c.MaxBatchSize < 1 || c.MaxBatchSize > gatewayMaxBatch {
		bad("MaxBatchSize is %d; the gateway takes 1 to %d events in a request, for example 1000", c.MaxBatchSize, gatewayMaxBatch)
	}
	if c.BatchSize < 1 {
		bad("BatchSize is %d; it must be at least 1, for example 50", c.BatchSize)
	} else if c.MaxBatchSize >= 1 && c.BatchSize > c.MaxBatchSize {
		bad("BatchSize is %d, over MaxBatchSize %d; for example 50", c.BatchSize, c.MaxBatchSize)
	}
	if c.MaxRetries < -1 {
		bad("MaxRetries is %d; -1 means none, for example 3", c.MaxRetries)
	}
	if c.FlushInterval < 0 {
		bad("FlushInterval is %v; it must be positive, for example 30*time.Second", c.FlushInterval)
	}
	if c.Timeout < 0 {
		bad("Timeout is %v; it must be positive, for example 10*time.Second", c.Timeout)
	}
	if c.CloseTimeout < 0 {
		bad("CloseTimeout is %v; it must be positive, for example 15*time.Second", c.CloseTimeout)
	}
	if c.MaxQueueBytes < 0 {
		bad("MaxQueueBytes is %d; it must be positive, for example 32<<20", c.MaxQueueBytes)
	}
	if c.MaxInFlight < 0 || c.MaxInFlight > maxInFlight {
		bad("MaxInFlight is %d; it must be from 1 to %d, for example 4", c.MaxInFlight, maxInFlight)
	}
	if c.Format != FormatEnvelope && c.Format != FormatFlat {
		bad("Format is %v; for example causality.FormatEnvelope", c.Format)
	}
	if c.TypedPayloads && c.Format == FormatFlat {
		bad("TypedPayloads has no meaning with FormatFlat; leave one of them out")
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("causality: Config: %w", errors.Join(problems...))
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// endpointProblem says what is wrong with an endpoint, or "". It never repeats
// credentials.
func endpointProblem(endpoint string) string {
	if endpoint == "" {
		return "is empty; it is the gateway's base URL"
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		// url's own error repeats the input, and with it a password.
		return "is not a URL"
	case u.User != nil, u.Opaque != "" && strings.Contains(endpoint, "@"): // "user:password@host" is opaque
		return "carries a user name or password; the key goes into APIKey"
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Sprintf("is %q, which does not start with http:// or https://", endpoint)
	case u.Hostname() == "":
		return fmt.Sprintf("is %q, which has no host", endpoint)
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(endpoint, "#"):
		return "carries a query or a fragment; it is the base URL alone"
	}
	return ""
}

const redacted = "[redacted]"

// public lists what may be shown of a Config.
func (c Config) public() []slog.Attr {
	key := redacted
	if c.APIKey == "" {
		key = ""
	}
	endpoint := c.Endpoint
	if _, err := url.Parse(endpoint); err != nil || strings.Contains(endpoint, "@") {
		endpoint = redacted // there may be credentials in it
	}
	return []slog.Attr{
		slog.String("APIKey", key),
		slog.String("Endpoint", endpoint),
		slog.String("AppID", c.AppID),
		slog.Int("BatchSize", c.BatchSize),
		slog.Int("MaxBatchSize", c.MaxBatchSize),
		slog.Duration("FlushInterval", c.FlushInterval),
		slog.Int("MaxRetries", c.MaxRetries),
		slog.Duration("Timeout", c.Timeout),
		slog.String("DeviceID", c.DeviceID),
		slog.Int("MaxQueueBytes", c.MaxQueueBytes),
		slog.Int("MaxInFlight", c.MaxInFlight),
		slog.Duration("CloseTimeout", c.CloseTimeout),
		slog.Bool("Disabled", c.Disabled),
		slog.Bool("DryRun", c.DryRun != nil),
		slog.Bool("AtLeastOnce", c.AtLeastOnce),
		slog.Bool("TypedPayloads", c.TypedPayloads),
		slog.String("Format", c.Format.String()),
	}
}

// GoString shows the Config without its key.
func (c Config) GoString() string { return c.String() }

// String shows the Config without its key.
func (c Config) String() string {
	var b strings.Builder
	b.WriteString("causality.Config{")
	for i, a := range c.public() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: %v", a.Key, a.Value)
	}
	b.WriteString("}")
	return b.String()
}

// LogValue implements slog.LogValuer and leaves the key out.
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.public()...) }

// MarshalJSON writes the Config without its key.
func (c Config) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any)
	for _, a := range c.public() {
		fields[a.Key] = a.Value.Any()
	}
	return json.Marshal(fields)
}
