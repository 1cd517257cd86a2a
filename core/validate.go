package causality

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

// ErrNotConfigured is wrapped by the error of [New] for a Config that has no
// APIKey, no Endpoint and no AppID, as on a laptop where no variable is set. A
// program may then go on with the nil *Client, whose methods do nothing.
var ErrNotConfigured = errors.New("causality: not configured, APIKey, Endpoint and AppID are empty; set CAUSALITY_API_KEY, CAUSALITY_ENDPOINT and CAUSALITY_APP_ID, " +
	"or set CAUSALITY_DRY_RUN=1 to print events or CAUSALITY_DISABLED=1 to count them; or go on with the nil *Client, which does nothing")

const (
	// gateway: more than 1000 events refuse the whole request.
	gatewayMaxBatch = 1000
	// Each request in flight may hold 1 MiB and a connection.
	maxInFlight = 1000

	defaultBatchSize = 50
	// A smaller number of bytes was meant in MiB, or no event fits.
	minQueueBytes = 1 << 10
	// A spool has room for the largest event, at least.
	minSpoolBytes = 1 << 20
	// A shorter time was meant in seconds.
	minDuration = time.Millisecond
)

// number is a field of a Config that is a number or a duration.
type number struct {
	name, variable        string
	field                 any // *int, *int64 or *time.Duration
	fallback, least, most int64
	note                  string // what a wrong value overlooks
}

func (c *Config) numbers() []number {
	duration := func(name, variable string, field *time.Duration, fallback time.Duration) number {
		return number{name, variable, field, int64(fallback), int64(minDuration), math.MaxInt64, "a plain number counts nanoseconds"}
	}
	batch := int64(c.MaxBatchSize)
	if batch < 1 || batch > gatewayMaxBatch {
		batch = gatewayMaxBatch
	}
	return []number{
		{"MaxBatchSize", "CAUSALITY_MAX_BATCH_SIZE", &c.MaxBatchSize, gatewayMaxBatch, 1, gatewayMaxBatch, "the gateway takes no more"},
		{"BatchSize", "CAUSALITY_BATCH_SIZE", &c.BatchSize, min(defaultBatchSize, batch), 1, batch, "MaxBatchSize is the limit"},
		{"MaxRetries", "CAUSALITY_MAX_RETRIES", &c.MaxRetries, 3, -1, math.MaxInt64, "-1 means none"},
		{"MaxQueueBytes", "CAUSALITY_MAX_QUEUE_BYTES", &c.MaxQueueBytes, 32 << 20, minQueueBytes, math.MaxInt64, "it counts bytes"},
		{"MaxInFlight", "CAUSALITY_MAX_IN_FLIGHT", &c.MaxInFlight, 4, 1, maxInFlight, "each takes a connection"},
		duration("FlushInterval", "CAUSALITY_FLUSH_INTERVAL", &c.FlushInterval, 30*time.Second),
		duration("Timeout", "CAUSALITY_TIMEOUT", &c.Timeout, 10*time.Second),
		duration("CloseTimeout", "CAUSALITY_CLOSE_TIMEOUT", &c.CloseTimeout, 15*time.Second),
		{"Spool.MaxBytes", "CAUSALITY_SPOOL_MAX_BYTES", &c.Spool.MaxBytes, 1 << 30, minSpoolBytes, math.MaxInt64, "it counts bytes"},
		duration("Spool.SyncInterval", "CAUSALITY_SPOOL_SYNC_INTERVAL", &c.Spool.SyncInterval, 0),
	}
}

func (n *number) get() int64 {
	switch field := n.field.(type) {
	case *time.Duration:
		return int64(*field)
	case *int64:
		return *field
	default:
		return int64(*field.(*int))
	}
}

func (n *number) set(v int64) {
	switch field := n.field.(type) {
	case *time.Duration:
		*field = time.Duration(v)
	case *int64:
		*field = v
	default:
		*field.(*int) = int(v)
	}
}

// text is v as a variable says it.
func (n *number) text(v int64) string {
	if _, ok := n.field.(*time.Duration); ok {
		return time.Duration(v).String()
	}
	return strconv.FormatInt(v, 10)
}

// example is a value that is right, as a variable says it.
func (n *number) example() string {
	if n.fallback == 0 {
		return n.text(int64(time.Second)) // Spool.SyncInterval
	}
	return n.text(n.fallback)
}

// problem says what is wrong with v, or "".
func (n *number) problem(v int64) string {
	switch {
	case n.least <= v && v <= n.most, v == 0 && n.fallback == 0:
		return ""
	case n.most == math.MaxInt64:
		return fmt.Sprintf("it must be at least %s (%s)", n.text(n.least), n.note)
	}
	return fmt.Sprintf("it must be from %s to %s (%s)", n.text(n.least), n.text(n.most), n.note)
}

// read sets the field from the text of its variable, or says what is wrong.
func (n *number) read(text string) string {
	bits := strconv.IntSize
	if _, ok := n.field.(*int64); ok {
		bits = 64
	}
	v, err := strconv.ParseInt(text, 10, bits)
	if _, ok := n.field.(*time.Duration); ok {
		var d time.Duration
		d, err = time.ParseDuration(text)
		v = int64(d)
	}
	switch problem := n.problem(v); {
	case err != nil:
		return "which cannot be read"
	case problem != "":
		return problem
	case v == 0 && n.fallback != 0:
		return n.note // in a Config 0 is the default
	}
	n.set(v)
	return ""
}

// validate reports everything that is wrong with c at once, each problem on a line
// of its own, with the field, what is wrong and an example of what is right. It
// expects the defaults to be filled in.
func (c *Config) validate() error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("causality: Config: "+format, args...))
	}
	for _, problem := range c.envProblems {
		bad("%s", problem)
	}
	switch {
	case c.Disabled || c.DryRun != nil:
	case c.APIKey == "" && c.Endpoint == "" && c.AppID == "":
		problems = append(problems, ErrNotConfigured)
	default:
		const laptop = "without a gateway, set CAUSALITY_DRY_RUN=1"
		switch {
		case c.APIKey == "":
			bad("APIKey is empty; set CAUSALITY_API_KEY to the gateway's key of 64 hex digits, or, %s", laptop)
		case !printableASCII(c.APIKey):
			// Named, never shown: it is a secret even when it is mistyped.
			bad("APIKey has characters that cannot be in an HTTP header (a line feed from a file?); it is 64 hex digits, for example strings.TrimSpace of what was read")
		}
		if c.Endpoint == "" {
			bad("Endpoint is empty; set CAUSALITY_ENDPOINT to the gateway's base URL, for example https://events.example.com, or, %s", laptop)
		} else if problem := endpointProblem(c.Endpoint); problem != "" {
			bad("Endpoint %s; for example https://events.example.com", problem)
		}
		switch {
		case c.AppID == "":
			bad("AppID is empty; set CAUSALITY_APP_ID to the name of this application, for example checkout, or, %s", laptop)
		case !envelope.ValidAppID(c.AppID):
			bad("AppID is %q; only letters, digits, dot, underscore and hyphen are allowed, at most 256, for example checkout-eu", envelope.Cut(c.AppID, 64))
		}
	}
	for _, n := range c.numbers() {
		if problem := n.problem(n.get()); problem != "" {
			example := n.example()
			if _, ok := n.field.(*time.Duration); ok {
				example = strings.TrimSuffix(example, "s") + "*time.Second"
			}
			bad("%s is %s; %s, for example %s", n.name, n.text(n.get()), problem, example)
		}
	}
	if c.Format != FormatEnvelope && c.Format != FormatFlat {
		bad("Format is %v; for example causality.FormatEnvelope", c.Format)
	}
	if c.TypedPayloads && c.Format == FormatFlat {
		bad("TypedPayloads has no meaning with FormatFlat; leave one of them out")
	}
	return errors.Join(problems...)
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// validKey reports whether key has the form of the gateway's keys.
func validKey(key string) bool {
	return len(key) == 64 && strings.Trim(key, "0123456789abcdef") == ""
}

// endpointProblem says what is wrong with an endpoint that is not empty, or "".
func endpointProblem(endpoint string) string {
	shown := fmt.Sprintf("is %q", shownEndpoint(endpoint))
	u, err := url.Parse(endpoint)
	switch {
	case err != nil && !strings.Contains(endpoint, "://"):
		return shown + ", which does not start with http:// or https://"
	case err != nil:
		return shown + ", which is not a URL"
	case u.User != nil, u.Host == "" && strings.Contains(endpoint, "@"): // "user:password@host" has no host
		return "carries a user name or password; the key goes into APIKey"
	case u.Scheme != "http" && u.Scheme != "https":
		return shown + ", which does not start with http:// or https://"
	case u.Hostname() == "":
		return shown + ", which has no host"
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(endpoint, "#"):
		return "carries a query or a fragment; it is the base URL alone"
	}
	for _, path := range []string{batchPath, "/v1/events/ingest", "/v1/events"} {
		if strings.HasSuffix(strings.TrimRight(u.Path, "/"), path) {
			return shown + "; leave " + path + " out: the client adds " + batchPath
		}
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && err != nil || u.Port() == "0" {
		return shown + ", whose port is not from 1 to 65535"
	}
	return ""
}

// shownEndpoint is an endpoint as it may be printed: as it is, unless there may be
// credentials in it, or it is the API key in the wrong place.
func shownEndpoint(endpoint string) string {
	if strings.ContainsAny(endpoint, "@?#%") || validKey(strings.ToLower(strings.TrimSpace(endpoint))) {
		return redacted
	}
	return endpoint
}
