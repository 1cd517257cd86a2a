package envelope

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Limits that keep one event from hurting the others.
const (
	// gateway: an event name of about 4 000 bytes costs the gateway its NATS
	// connection, so every tenant's events; 256 is far from it.
	MaxTypeBytes = 256
	// gateway: NATS refuses a message over 1 MiB for good.
	MaxBytes = 1_000_000
	// 2001-01-01: what is less is the seconds of a time since then.
	minTimestampMs = 978_307_200_000
	// 9999-12-31T23:59:59.999Z: the warehouse partitions by a four-digit year.
	maxTimestampMs = 253_402_300_799_999
	maxIDBytes     = 128
)

// Why an event is Invalid.
var (
	errNoEventType = errors.New("it has no EventType")
	ErrTooLarge    = fmt.Errorf("it is over %d bytes encoded", MaxBytes)
	errTooLate     = errors.New("its TimestampMs is after the year 9999; it takes milliseconds, t.UnixMilli()")
	errSeconds     = errors.New("its TimestampMs is before the year 2001, so it is in seconds; it takes milliseconds, t.UnixMilli()")
	errBadID       = errors.New("its ID is not 1 to 128 bytes of printable text")
	errBadAppID    = errors.New("its AppID is not [A-Za-z0-9._-]{1,256}")
)

// Event is causality.Event, which this package cannot name: the fields are the same,
// so that one converts to the other.
type Event struct {
	ID             string         `json:"id,omitempty"`
	AppID          string         `json:"app_id"`
	EventType      string         `json:"event_type"`
	IdempotencyKey string         `json:"idempotency_key,omitempty"`
	TimestampMs    int64          `json:"timestamp_ms,omitempty"`
	DeviceID       string         `json:"device_id,omitempty"`
	UserID         string         `json:"user_id,omitempty"`
	SessionID      string         `json:"session_id,omitempty"`
	CorrelationID  string         `json:"correlation_id,omitempty"`
	Properties     map[string]any `json:"properties,omitempty"`
	Attrs          []slog.Attr    `json:"-"`
}

// Server is causality.ServerContext.
type Server struct {
	Hostname   string `json:"hostname"`
	GoVersion  string `json:"go_version"`
	SDKVersion string `json:"sdk_version"`
}

// appendEventType appends the type as a JSON string.
func appendEventType(b []byte, eventType string) []byte {
	const del = 0x7f // needs no escape, but is a control character
	if len(eventType) <= MaxTypeBytes {
		if text, n := value.AppendPlain(append(b, '"'), eventType, del); n == len(eventType) {
			return append(text, '"')
		}
	}
	return value.AppendString(b, CleanType(eventType))
}

// CleanType returns the type without control characters, cut at 256 bytes.
// gateway: a line feed or tab in it drops the connection that all tenants share.
func CleanType(eventType string) string {
	eventType = eventType[:min(len(eventType), 4*MaxTypeBytes)] // of which half is left at least
	if !utf8.ValidString(eventType) || strings.ContainsFunc(eventType, unicode.IsControl) {
		// For a byte that is not UTF-8 r is U+FFFD, as it is in a property.
		eventType = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '_'
			}
			return r
		}, eventType)
	}
	return Cut(eventType, MaxTypeBytes)
}

// ValidAppID reports whether s is [A-Za-z0-9._-]{1,256}.
// gateway: white space in app_id drops the NATS connection that all tenants
// share, and "/" or "=" upset the warehouse path.
func ValidAppID(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// validID reports whether s, which is not empty, may be an event's ID.
func validID(s string) bool {
	return len(s) <= maxIDBytes && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Cut returns the longest prefix of s that is at most n bytes and ends at
// the end of a rune.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
