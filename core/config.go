package causality

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Config says where events go and how. APIKey, Endpoint and AppID are required;
// a zero value anywhere else means the default. New copies the Config: changes
// made afterwards have no effect.
//
// A comment that ends in the name of an environment variable means that
// [ConfigFromEnv] sets the field from it. Two variables act on every client of
// the process, also on one whose Config was written by hand: CAUSALITY_DISABLED
// and CAUSALITY_DRY_RUN.
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
	// FlushInterval is the longest an event waits before it is sent. Default 30 s. CAUSALITY_FLUSH_INTERVAL, as "30s".
	FlushInterval time.Duration
	// MaxRetries is how often one request is repeated before its error is
	// reported and the client pauses. Its events are kept either way. Default
	// 3; -1 for none. CAUSALITY_MAX_RETRIES.
	MaxRetries int
	// Timeout bounds one HTTP request, from connecting to the last byte of the
	// reply. Default 10 s. CAUSALITY_TIMEOUT, as "10s".
	Timeout time.Duration
	// DeviceID is the device_id of events that have none of their own, from the
	// Event or the Identity. Default: the host name, or "unknown" if there is
	// none. CAUSALITY_DEVICE_ID.
	DeviceID string
	// AppVersion is the version of this application, sent with every event as
	// device_context.app_version. Default: the main module's version, if the
	// build carries one. CAUSALITY_APP_VERSION.
	AppVersion string
	// Attrs are properties of every event, such as the environment or the
	// region. Any other property of the same name wins over them. They are read
	// in New, and given to ReplaceAttr there. Default none.
	Attrs []slog.Attr
	// MaxQueueBytes bounds the encoded events that wait or are in flight;
	// beyond it new events are dropped and counted as QueueFull. Default 32
	// MiB: at about 500 bytes an event that is 67 000 events, or 67 seconds of
	// outage at 1000 events a second. The client's live memory stays within it plus
	// MaxInFlight request bodies of at most 1 MiB; the process may grow by twice as
	// much, as Go's garbage collector allows. At least 1024.
	// CAUSALITY_MAX_QUEUE_BYTES.
	MaxQueueBytes int
	// Spool keeps events on disk until they are delivered, so that they outlive the
	// process. Default: they wait in memory alone.
	Spool Spool
	// MaxInFlight is how many requests may be under way at a time. Default 4, at
	// most 1000. CAUSALITY_MAX_IN_FLIGHT.
	MaxInFlight int
	// CloseTimeout is what Close may take to deliver what is left. Default
	// 15 s. CAUSALITY_CLOSE_TIMEOUT, as "15s".
	CloseTimeout time.Duration
	// Disabled makes a client that counts events and sends nothing; it needs
	// no key, endpoint or app. Default false. Meant for laptops and tests.
	// Setting CAUSALITY_DISABLED=1 disables every client of the process,
	// whatever its Config says. This and the other switches are 1, true, yes or
	// on, or 0, false, no or off.
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
	// ReuseKeys chooses what happens after a request whose outcome nobody knows,
	// such as a timeout. By default its events are sent again under new
	// idempotency keys and with the same id: none is lost, and some may be stored
	// twice. With ReuseKeys they are sent under the same keys: none is stored
	// twice while the gateway runs, but it may have marked a key as seen without
	// storing the event, and that event is lost without a trace
	// (Stats.Uncertain counts the candidates). Default false.
	// CAUSALITY_REUSE_KEYS.
	ReuseKeys bool
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
	// Logger receives the client's own diagnostics: each kind of message at
	// most once every 10 seconds. Default what slog.Default() is at that time;
	// slog.New(slog.DiscardHandler) silences them.
	Logger *slog.Logger
	// OnDrop is called with every event that will not be delivered, one at a
	// time, from the goroutine that also calls OnError and Logger. It is not
	// called for Filtered and Disabled events, which were not to be sent.
	// [WriteDropped] returns one that keeps the events for [Client.Resend].
	// Delivery does not wait for it: beyond 10 000 events or 4 MiB that wait for
	// it, further ones are counted in Stats.MissedDrops. Those that Close leaves
	// are all passed to it, for which Close may take up to 2 s more. Default nil.
	OnDrop func(DroppedEvent)
	// OnError is called with the error of every failed request, in order, from
	// one goroutine that is not the caller's. Beyond 100 waiting errors the newest
	// are merged and carry a count. The events of the request are kept. Default
	// nil: errors are only logged and counted.
	OnError func(error)

	// envProblems are the variables that cannot be read. New reports them with
	// everything else that is wrong.
	envProblems []string
}

// Spool says where events are kept on disk from the moment they are tracked until
// they are settled. An event is there 10 ms after Track returned at the latest, and
// survives the death of the process from then on: the next process with the same
// directory sends it, under a new idempotency key unless Config.ReuseKeys is set and
// with the same id. Track never waits for the disk. An outage may be as long as
// MaxBytes, and Close leaves what is left to the next process and returns nil.
//
// The files hold the properties of the events in plain text, and never the API key.
// Several processes may share a directory.
type Spool struct {
	// Dir is the directory, made with mode 0700 if it is not there, on a disk of this
	// machine. Default "": no spool. CAUSALITY_SPOOL_DIR.
	Dir string
	// MaxBytes bounds what the directory takes, the parts of other processes too.
	// Beyond it new events are dropped and counted as QueueFull. Default 1 GiB, at
	// least 1 MiB. CAUSALITY_SPOOL_MAX_BYTES.
	MaxBytes int64
	// SyncInterval is how often what was written is flushed to the disk, so that it
	// survives a loss of power too. Default 0: the operating system decides, on
	// Linux within about 30 s. CAUSALITY_SPOOL_SYNC_INTERVAL, as "1s".
	SyncInterval time.Duration
}

// ConfigFromEnv returns a Config with what the environment says: CAUSALITY_API_KEY,
// CAUSALITY_ENDPOINT, CAUSALITY_APP_ID, CAUSALITY_DEVICE_ID, CAUSALITY_APP_VERSION,
// CAUSALITY_BATCH_SIZE, CAUSALITY_MAX_BATCH_SIZE, CAUSALITY_MAX_RETRIES,
// CAUSALITY_MAX_QUEUE_BYTES, CAUSALITY_MAX_IN_FLIGHT and CAUSALITY_SPOOL_MAX_BYTES
// (numbers), CAUSALITY_FLUSH_INTERVAL, CAUSALITY_TIMEOUT, CAUSALITY_CLOSE_TIMEOUT and
// CAUSALITY_SPOOL_SYNC_INTERVAL (durations such as "30s"), CAUSALITY_SPOOL_DIR, CAUSALITY_DISABLED, CAUSALITY_DRY_RUN (to standard
// error), CAUSALITY_REUSE_KEYS and CAUSALITY_TYPED_PAYLOADS (switches). A
// variable that is unset or empty leaves the field zero. One that cannot be read
// or is out of range is an error of [New], even if the program then sets the field
// itself: the one who set the variable should know that it has no effect.
func ConfigFromEnv() Config {
	cfg := Config{
		APIKey:     os.Getenv("CAUSALITY_API_KEY"),
		Endpoint:   os.Getenv("CAUSALITY_ENDPOINT"),
		AppID:      os.Getenv("CAUSALITY_APP_ID"),
		DeviceID:   os.Getenv("CAUSALITY_DEVICE_ID"),
		AppVersion: os.Getenv("CAUSALITY_APP_VERSION"),
		Spool:      Spool{Dir: os.Getenv("CAUSALITY_SPOOL_DIR")},
	}
	cfg.readProcessSwitches()
	cfg.envProblems = nil // New reads these switches too
	for _, n := range cfg.numbers() {
		cfg.readEnv(n.variable, n.example(), n.read)
	}
	cfg.readSwitch("CAUSALITY_REUSE_KEYS", func(on bool) { cfg.ReuseKeys = on })
	cfg.readSwitch("CAUSALITY_TYPED_PAYLOADS", func(on bool) { cfg.TypedPayloads = on })
	return cfg
}

// readProcessSwitches reads the operator's switches, which work without a change
// of code.
func (c *Config) readProcessSwitches() {
	c.readSwitch("CAUSALITY_DISABLED", func(on bool) { c.Disabled = c.Disabled || on })
	c.readSwitch("CAUSALITY_DRY_RUN", func(on bool) {
		if on && c.DryRun == nil {
			c.DryRun = os.Stderr
		}
	})
}

func (c *Config) readSwitch(variable string, set func(on bool)) {
	c.readEnv(variable, "1", func(text string) string {
		switch strings.ToLower(text) {
		case "1", "t", "true", "y", "yes", "on":
			set(true)
		case "0", "f", "false", "n", "no", "off":
			set(false)
		default:
			return "which cannot be read"
		}
		return ""
	})
}

// readEnv gives the text of a variable to read, which returns what is wrong with
// it, or "".
func (c *Config) readEnv(variable, example string, read func(text string) string) {
	text := strings.TrimSpace(os.Getenv(variable))
	if text == "" {
		return
	}
	if problem := read(text); problem != "" {
		c.envProblems = append(c.envProblems, fmt.Sprintf("%s is %q, %s; for example %s=%s", variable, text, problem, variable, example))
	}
}

// withDefaults returns the Config with its zero values filled in.
func (c Config) withDefaults() Config {
	c.envProblems = slices.Clone(c.envProblems)
	c.readProcessSwitches()
	if c.Identity == nil {
		c.Identity = IdentityFromContext
	}
	c.Attrs = slices.Clone(c.Attrs)
	for i := range c.Attrs {
		c.Attrs[i].Value = value.Clone(c.Attrs[i].Value)
	}
	if c.AppVersion == "" {
		c.AppVersion = mainVersion()
	}
	for _, n := range c.numbers() {
		if n.get() == 0 {
			n.set(n.fallback)
		}
	}
	return c
}

const redacted = "[redacted]"

// public lists what may be shown of a Config.
func (c Config) public() []slog.Attr {
	key := redacted
	if c.APIKey == "" {
		key = ""
	}
	return []slog.Attr{
		slog.String("APIKey", key),
		slog.String("Endpoint", shownEndpoint(c.Endpoint)),
		slog.String("AppID", c.AppID),
		slog.Int("BatchSize", c.BatchSize),
		slog.Int("MaxBatchSize", c.MaxBatchSize),
		slog.Duration("FlushInterval", c.FlushInterval),
		slog.Int("MaxRetries", c.MaxRetries),
		slog.Duration("Timeout", c.Timeout),
		slog.String("DeviceID", c.DeviceID),
		slog.String("AppVersion", c.AppVersion),
		slog.Int("MaxQueueBytes", c.MaxQueueBytes),
		slog.String("SpoolDir", c.Spool.Dir),
		slog.Int64("SpoolMaxBytes", c.Spool.MaxBytes),
		slog.Duration("SpoolSyncInterval", c.Spool.SyncInterval),
		slog.Int("MaxInFlight", c.MaxInFlight),
		slog.Duration("CloseTimeout", c.CloseTimeout),
		slog.Bool("Disabled", c.Disabled),
		slog.Bool("DryRun", c.DryRun != nil),
		slog.Bool("ReuseKeys", c.ReuseKeys),
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
