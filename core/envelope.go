package causality

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Why an event is Invalid.
var (
	errNoEventType = errors.New("it has no EventType")
	errTooLarge    = fmt.Errorf("it is over %d bytes encoded", maxEventBytes)
	errTooLate     = errors.New("its TimestampMs is after the year 9999 (are these milliseconds?)")
	errBadAppID    = errors.New("its AppID is not [A-Za-z0-9._-]{1,256}")
)

// Every encoded event has its key behind keyHead, so that a resend under a new
// key finds the old one without parsing: nothing that the user chose comes
// before it unescaped.
const (
	idHead   = `{"id":"`
	noUUID   = "00000000-0000-0000-0000-000000000000"
	keyHead  = `"idempotency_key":"`
	idAt     = len(idHead)
	keyAt    = idAt + len(noUUID) + len(`",`) + len(keyHead)
	newEvent = idHead + noUUID + `",` + keyHead + noUUID + `","app_id":"`
)

// envelope is what all events of a client have in common, encoded once.
type envelope struct {
	appID    string
	deviceID string
	// head begins an event of this app and device, up to its time.
	head []byte
	// device is device_context.
	device []byte
	// server is the _server_ members that end string_params.
	server      []byte
	context     ServerContext
	replaceAttr func([]string, slog.Attr) slog.Attr
	format      Format
	typed       bool // Config.TypedPayloads
	namesHost   bool // deviceID is only the host's name: nobody chose it
}

func newEnvelope(cfg *Config, server ServerContext) *envelope {
	env := &envelope{
		appID:       cfg.AppID,
		deviceID:    cfg.DeviceID,
		context:     server,
		replaceAttr: cfg.ReplaceAttr,
		format:      cfg.Format,
		typed:       cfg.TypedPayloads,
		namesHost:   cfg.DeviceID == "",
	}
	if env.deviceID == "" {
		env.deviceID = server.Hostname
	}
	env.head = appendApp(append(env.head, newEvent...), env.appID, env.deviceID)
	b := append(env.device, `"device_context":{"os_version":`...)
	b = appendString(b, runtime.GOOS+"/"+runtime.GOARCH)
	if version := appVersion(); version != "" {
		b = appendString(append(b, `,"app_version":`...), version)
	}
	b = appendString(append(b, `,"sdk_version":`...), "go/"+server.SDKVersion)
	env.device = append(b, `},`...)

	b = appendString(append(env.server, `"_server_hostname":`...), server.Hostname)
	b = appendString(append(b, `,"_server_go_version":`...), server.GoVersion)
	env.server = appendString(append(b, `,"_server_sdk_version":`...), server.SDKVersion)
	return env
}

// encoder turns one event into the gateway's JSON. Properties are first encoded
// side by side in the order they come, because only the last of them tells
// which keys survive and which of the four param maps there are; then they are
// copied to their places. One encoder serves one Track at a time; the pool
// keeps its memory, never the caller's.
type encoder struct {
	buf     []byte // the event
	payload []byte // its payload, if that is typed
	arena   []byte // its properties
	props   []property
	table   []int32 // hash table over props, in use beyond tableFrom of them
	seen    uint64  // the traces of all keys so far
	prefix  []byte  // the open groups as the beginning of an encoded key
	groups  []string
	pairs   []pair // the members of Properties

	replaceAttr func([]string, slog.Attr) slog.Attr
	tooLarge    bool
	walked      int // attributes so far
	flatBytes   int // keys and strings of the flat form so far
	// What is said of the properties once the event is tracked.
	dropped    int // ReplaceAttr panicked
	renamed    int // the event itself uses the name
	renamedKey string
	unfit      int // the typed payload has no field for it
	unfitKey   string
}

type pair struct {
	key   string
	value any
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// maxPooled is the largest buffer that goes back to a pool: one huge event must
// not keep its memory for good.
const maxPooled = 256 << 10

func (e *encoder) release() {
	if max(cap(e.buf), cap(e.arena), cap(e.payload), cap(e.prefix)) > maxPooled || cap(e.props) > 1024 || cap(e.pairs) > 1024 {
		return
	}
	clear(e.pairs)
	clear(e.groups[:cap(e.groups)])
	e.replaceAttr, e.renamedKey, e.unfitKey = nil, "", ""
	encoders.Put(e)
}

// encode leaves the event in e.buf, or says why it is Invalid.
func (e *encoder) encode(env *envelope, ev *Event) error {
	e.buf, e.arena, e.props, e.table = e.buf[:0], e.arena[:0], e.props[:0], e.table[:0]
	e.prefix, e.groups, e.pairs = e.prefix[:0], e.groups[:0], e.pairs[:0]
	e.seen, e.tooLarge, e.walked, e.flatBytes, e.dropped, e.renamed, e.unfit = 0, false, 0, 0, 0, 0, 0
	e.replaceAttr = env.replaceAttr

	if ev.EventType == "" {
		return errNoEventType
	}
	if ev.TimestampMs > maxTimestampMs {
		return errTooLate
	}
	if ev.AppID != env.appID && !validAppID(ev.AppID) {
		return errBadAppID
	}
	if env.format == FormatFlat {
		return e.encodeFlat(env, ev)
	}
	if len(ev.Properties) > 0 {
		e.members(ev.Properties)
	}
	for _, a := range ev.Attrs {
		e.attr(a, 0)
	}
	if e.tooLarge {
		return errTooLarge
	}
	typed := env.typed && e.encodeTyped(env, ev)

	b := e.buf
	if ev.AppID == env.appID && ev.DeviceID == env.deviceID {
		b = append(b, env.head...)
	} else {
		b = appendApp(append(b, newEvent...), ev.AppID, ev.DeviceID)
	}
	putUUID(b[idAt:], newID(ev.TimestampMs))
	putUUID(b[keyAt:], newKey())
	b = strconv.AppendInt(b, ev.TimestampMs, 10)
	b = append(b, ',')
	if ev.CorrelationID != "" {
		b = append(b, `"correlation_id":`...)
		b = appendString(b, ev.CorrelationID)
		b = append(b, ',')
	}
	b = append(b, env.device...)
	if typed {
		b = append(b, e.payload...)
	} else {
		b = append(b, `"custom_event":{"event_name":`...)
		b = appendEventType(b, ev.EventType)
		b = append(e.appendParams(b, env, ev), '}')
	}
	e.buf = append(b, '}')
	if len(e.buf) > maxEventBytes {
		return errTooLarge
	}
	return nil
}

// appendApp appends what stands between the newEvent and its time.
func appendApp(b []byte, appID, deviceID string) []byte {
	b = append(b, appID...) // valid, so nothing in it needs an escape
	b = appendString(append(b, `","device_id":`...), deviceID)
	return append(b, `,"timestamp_ms":`...)
}

// members encodes a map in the order of its keys, so that the same event gives
// the same bytes.
func (e *encoder) members(m map[string]any) {
	for key, v := range m {
		e.pairs = append(e.pairs, pair{key, v})
	}
	slices.SortFunc(e.pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for i := range e.pairs {
		e.attr(slog.Any(e.pairs[i].key, e.pairs[i].value), 0)
	}
}

// attr encodes one property, or the members of a group or object, under the
// groups that are open.
func (e *encoder) attr(a slog.Attr, depth int) {
	if e.tooLarge {
		return
	}
	kind := a.Value.Kind()
	if e.walk(); e.replaceAttr != nil || kind == slog.KindAny || kind == slog.KindLogValuer {
		a = e.plain(a)
		kind = a.Value.Kind()
	}
	switch kind {
	case slog.KindGroup:
		e.group(a.Key, a.Value.Group(), depth)
	case slog.KindAny:
		if text, ok := a.Value.Any().(value.JSON); ok {
			e.scalar(a.Key, slog.StringValue(string(text)), slog.KindString)
		} // else nil, which is left out
	default:
		e.scalar(a.Key, a.Value, kind)
	}
}

// walk counts the attributes, because a group that stands twice in a group that
// stands twice in another, and so on, would take for ever and may leave nothing
// behind.
func (e *encoder) walk() {
	if e.walked++; e.walked > maxEventBytes {
		e.tooLarge = true
	}
}

// plain gives a property to the user's ReplaceAttr and reduces its value.
func (e *encoder) plain(a slog.Attr) slog.Attr {
	if e.replaceAttr != nil {
		if a.Value.Kind() == slog.KindLogValuer {
			a.Value = value.Resolve(a.Value)
		}
		if a.Value.Kind() != slog.KindGroup {
			a = e.replace(a)
		}
	}
	switch a.Value.Kind() {
	case slog.KindAny, slog.KindLogValuer:
		a.Value = value.Resolve(a.Value)
	}
	return a
}

// tooDeep stands for what nests deeper than a value may.
const tooDeep = "!ERROR: nested too deep"

// group encodes the members of a group under its name; a group without a name
// is only a list.
func (e *encoder) group(name string, members []slog.Attr, depth int) {
	if depth >= value.MaxDepth {
		e.scalar(name, slog.StringValue(tooDeep), slog.KindString)
		return
	}
	prefix := len(e.prefix)
	if name != "" {
		e.prefix = append(appendKey(e.prefix, name), '_')
		e.groups = append(e.groups, name)
		e.tooLarge = e.tooLarge || len(e.prefix) > maxEventBytes
	}
	for _, a := range members {
		e.attr(a, depth+1)
	}
	if name != "" {
		e.prefix = e.prefix[:prefix]
		e.groups = e.groups[:len(e.groups)-1]
	}
}

// scalar encodes a plain value into the arena, under the open groups.
func (e *encoder) scalar(key string, v slog.Value, kind slog.Kind) {
	text := ""
	if kind == slog.KindString {
		text = v.String()
	}
	if max(len(key), len(text)) > maxEventBytes {
		e.tooLarge = true
		return
	}
	p := property{start: int32(len(e.arena)), isDuration: kind == slog.KindDuration}
	b := append(e.arena, '"')
	if len(e.prefix) > 0 {
		b = append(b, e.prefix...)
	}
	b = appendKey(b, key)
	b = append(b, '"', ':')
	p.value = int32(len(b))
	if kind == slog.KindString {
		b = appendString(b, text)
	} else {
		b, p.kind = appendScalar(b, v, kind)
	}
	p.end = int32(len(b))
	e.arena = append(b, ',')
	// Checked as it grows, so that a hostile value costs no more than an event
	// may.
	e.tooLarge = e.tooLarge || len(b) > maxEventBytes
	e.insert(p)
}

// appendScalar appends a plain value as JSON and says which param map it is for.
func appendScalar(b []byte, v slog.Value, kind slog.Kind) ([]byte, kind) {
	switch kind {
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10), intKind
	case slog.KindUint64:
		// gateway: an int above MaxInt64 refuses the whole request.
		if u := v.Uint64(); u > math.MaxInt64 {
			return append(strconv.AppendUint(append(b, '"'), u, 10), '"'), stringKind
		}
		return strconv.AppendUint(b, v.Uint64(), 10), intKind
	case slog.KindFloat64:
		// gateway: with a float that is not finite all properties of the event
		// are stored as nothing.
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, 64), '"'), stringKind
		}
		return appendFloat(b, v.Float64()), floatKind
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool()), boolKind
	case slog.KindDuration:
		return appendFloat(b, float64(v.Duration())/float64(time.Millisecond)), floatKind
	case slog.KindTime:
		return append(v.Time().UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), stringKind
	default:
		return appendString(b, v.String()), stringKind
	}
}

// replace calls the user's ReplaceAttr. Where that panics the property is left
// out: a redaction that failed must not let its secret through.
func (e *encoder) replace(a slog.Attr) (replaced slog.Attr) {
	defer func() {
		if recover() != nil {
			e.dropped++
			replaced = slog.Attr{}
		}
	}()
	return e.replaceAttr(e.groups, a)
}

// appendParams appends the param maps: the surviving properties by kind, then
// the identity and the server context among the strings.
func (e *encoder) appendParams(b []byte, env *envelope, ev *Event) []byte {
	var count [len(paramMaps)]int
	for i := range e.props {
		p := &e.props[i]
		if p.kind == deadKind {
			continue
		}
		if reserved(e.arena[p.start:p.value], ev) {
			e.rename(i)
		}
		count[p.kind]++
	}
	for kind, open := range paramMaps {
		if kind != int(stringKind) && count[kind] == 0 {
			continue
		}
		b = append(b, open...)
		for i := 0; i < len(e.props); i++ {
			p := &e.props[i]
			if int(p.kind) != kind {
				continue
			}
			// Those that lie side by side, each with its comma, are copied at once.
			end := p.end + 1
			for ; i+1 < len(e.props) && int(e.props[i+1].kind) == kind && e.props[i+1].start == end; i++ {
				end = e.props[i+1].end + 1
			}
			b = append(b, e.arena[p.start:end]...)
		}
		if kind == int(stringKind) {
			if ev.UserID != "" {
				b = append(appendString(append(b, `"user_id":`...), ev.UserID), ',')
			}
			if ev.SessionID != "" {
				b = append(appendString(append(b, `"session_id":`...), ev.SessionID), ',')
			}
			b = append(append(b, env.server...), ',')
		}
		b[len(b)-1] = '}' // in place of the last comma
	}
	return b
}

// reserved reports whether the event itself uses an encoded key.
func reserved(key []byte, ev *Event) bool {
	switch key[1] { // most are none at the first glance
	case 'u', 's', '_':
	default:
		return false
	}
	switch string(key) {
	case `"user_id":`:
		return ev.UserID != ""
	case `"session_id":`:
		return ev.SessionID != ""
	case `"_server_hostname":`, `"_server_go_version":`, `"_server_sdk_version":`:
		return true
	}
	return false
}

// rename gives the i-th property the first free name of the form user_id_2.
func (e *encoder) rename(i int) {
	p := e.props[i]
	base := e.arena[p.start : int(p.value)-len(`":`)]
	start := len(e.arena)
	for n := int64(2); ; n++ {
		b := append(e.arena[:start], base...)
		b = append(b, '_')
		b = strconv.AppendInt(b, n, 10)
		e.arena = append(b, '"', ':')
		p.hash = e.hash(e.arena[start:])
		if e.find(p.hash, e.arena[start:]) < 0 {
			break
		}
	}
	name := len(e.arena)
	e.arena = append(append(e.arena, e.arena[p.value:p.end]...), ',')
	p.start, p.value, p.end = int32(start), int32(name), int32(len(e.arena)-1)
	e.seen |= trace(e.arena[start:name])
	if e.renamed++; e.renamed == 1 {
		e.renamedKey = string(base[1:])
	}
	e.props[i] = p
	if len(e.props) > tableFrom {
		e.place(i)
	}
}

// appendEventType appends the type as a JSON string.
func appendEventType(b []byte, eventType string) []byte {
	if len(eventType) <= maxEventTypeBytes && isPlain(eventType) {
		return append(append(append(b, '"'), eventType...), '"')
	}
	return appendString(b, cleanEventType(eventType))
}

// cleanEventType returns the type without control characters, cut at 256 bytes.
// gateway: a line feed or tab in it drops the connection that all tenants share.
func cleanEventType(eventType string) string {
	if !utf8.ValidString(eventType) || strings.ContainsFunc(eventType, unicode.IsControl) {
		// For a byte that is not UTF-8 r is U+FFFD, as it is in a property.
		eventType = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '_'
			}
			return r
		}, eventType)
	}
	return cutAtRune(eventType, maxEventTypeBytes)
}
