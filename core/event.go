package causality

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
)

// SDKVersion is the version of this module, sent with every event as
// _server_sdk_version and in the User-Agent of every request.
const SDKVersion = "0.1.0"

// Event is one thing that happened, as the application states it. [Client.Track]
// takes it; nothing in it is kept by reference after Track has returned, so its
// map and slices may be reused at once.
//
// The JSON form is the flat one of the platform's plan. It is what tools and
// tests read and write; what goes to the gateway is the envelope that the
// gateway accepts, described in the package documentation.
type Event struct {
	// ID identifies the event for those who read it: a consumer that may get the
	// same message twice gives both events the message's ID. Default: a UUIDv7,
	// and those of one process sort in the order of Track. It must be 1 to 128
	// bytes of printable text, else the event is dropped as Invalid.
	ID string `json:"id,omitempty"`
	// AppID names the application. Empty means Config.AppID. It must be
	// [A-Za-z0-9._-]{1,256}, else the event is dropped as Invalid.
	AppID string `json:"app_id"`
	// EventType says what happened, for example "purchase_complete". It is
	// required. Control characters in it become "_" and it is cut at 256 bytes.
	EventType string `json:"event_type"`
	// IdempotencyKey is set by Track, always, to a fresh random UUID. A value
	// given here is ignored: to tell events apart give them an ID.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// TimestampMs is when it happened, in milliseconds since the Unix epoch, as
	// t.UnixMilli() gives them. Zero or less means now. A time after the year
	// 9999 is Invalid, and so is one before 2001, which can only be in seconds.
	TimestampMs int64 `json:"timestamp_ms,omitempty"`
	// DeviceID is the machine that the event is about, such as the user's phone.
	// Empty means Config.DeviceID, which by default is this host.
	DeviceID string `json:"device_id,omitempty"`
	// UserID and SessionID say who did it; they are stored as the string
	// properties user_id and session_id.
	UserID    string `json:"user_id,omitempty"`
	SessionID string `json:"session_id,omitempty"`
	// CorrelationID ties events of one request or trace together.
	CorrelationID string `json:"correlation_id,omitempty"`
	// Properties are the event's own values. Nested maps and structs flatten
	// with "_", and a dot in a key becomes "_".
	Properties map[string]any `json:"properties,omitempty"`
	// Attrs are properties too, without the cost of a map. They come after
	// Properties; if a key occurs twice, the last one wins.
	Attrs []slog.Attr `json:"-"`
}

// ServerContext is where the service runs. It is collected once by [New] and
// sent with every event as _server_hostname, _server_go_version and
// _server_sdk_version.
type ServerContext struct {
	Hostname   string `json:"hostname"`
	GoVersion  string `json:"go_version"`
	SDKVersion string `json:"sdk_version"`
}

func collectServerContext() ServerContext {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	return ServerContext{Hostname: host, GoVersion: runtime.Version(), SDKVersion: SDKVersion}
}

// mainVersion is the version of the main module as the go command stamped it,
// or "" for a build that carries none.
func mainVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

// Identity is who an event is about. An empty field means not known here.
type Identity struct {
	DeviceID      string
	UserID        string
	SessionID     string
	CorrelationID string
}

// Or returns id with its empty fields taken from other.
func (id Identity) Or(other Identity) Identity {
	if id.DeviceID == "" {
		id.DeviceID = other.DeviceID
	}
	if id.UserID == "" {
		id.UserID = other.UserID
	}
	if id.SessionID == "" {
		id.SessionID = other.SessionID
	}
	if id.CorrelationID == "" {
		id.CorrelationID = other.CorrelationID
	}
	return id
}

type identityKey struct{}

// ContextWithIdentity returns a context that carries id. Fields that are empty
// in id keep what ctx already has, so that one middleware may set the session
// and a later one the user. [Client.TrackContext] and the logger adapters read it,
// through Config.Identity; Track, which has no context, does not.
func ContextWithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id.Or(IdentityFromContext(ctx)))
}

// IdentityFromContext returns the Identity that ctx carries, or the zero
// Identity. A nil ctx carries none.
func IdentityFromContext(ctx context.Context) Identity {
	if ctx == nil {
		return Identity{}
	}
	id, _ := ctx.Value(identityKey{}).(Identity)
	return id
}
