// Package envelope turns an event into the JSON that the gateway takes, and reads it
// back. What leaves here is nothing that the gateway would refuse.
package envelope

import (
	"bytes"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Rekey puts a new idempotency key over that of an encoded event. It returns false,
// and changes nothing, if there is none.
func Rekey(event []byte) bool {
	at := bytes.Index(event, []byte(keyHead))
	if end := at + len(keyHead) + len(noUUID); at < 0 || end >= len(event) || event[end] != '"' {
		return false
	}
	newKey(time.Now().UnixMilli()).put(event[at+len(keyHead):])
	return true
}

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

// Options are what a client's Config says of how its events are encoded.
type Options struct {
	AppID, DeviceID string // DeviceID: "" is the host's name
	AppVersion      string
	Server          Server
	ReplaceAttr     func([]string, slog.Attr) slog.Attr
	Attrs           []slog.Attr // on every event
	IsFlat          bool
	TypedPayloads   bool
}

// Envelope is what all events of a client have in common, encoded once.
type Envelope struct {
	// AppID and DeviceID are those of an event that states none.
	AppID    string
	DeviceID string
	// head begins an event of this app and device, up to its time.
	head []byte
	// device is device_context.
	device []byte
	// server is the _server_ members that end string_params.
	server      []byte
	context     Server
	replaceAttr func([]string, slog.Attr) slog.Attr
	isFlat      bool // Config.Format is FormatFlat
	typed       bool // Config.TypedPayloads
	namesHost   bool // deviceID is only the host's name: nobody chose it
	// attrs are Config.Attrs, and common what an encoder makes of them: where an
	// event begins. With Config.BeforeTrack they come with the event.
	attrs  []slog.Attr
	common *Encoder
}

// New returns the Envelope of a client.
func New(o Options) *Envelope {
	env := &Envelope{
		AppID:       o.AppID,
		DeviceID:    o.DeviceID,
		context:     o.Server,
		replaceAttr: o.ReplaceAttr,
		isFlat:      o.IsFlat,
		typed:       o.TypedPayloads,
		namesHost:   o.DeviceID == "",
	}
	if env.DeviceID == "" {
		env.DeviceID = o.Server.Hostname
	}
	env.head = appendApp(append(env.head, newEvent...), env.AppID, env.DeviceID)
	b := append(env.device, `"device_context":{"os_version":`...)
	b = value.AppendString(b, runtime.GOOS+"/"+runtime.GOARCH)
	if o.AppVersion != "" {
		b = value.AppendString(append(b, `,"app_version":`...), o.AppVersion)
	}
	b = value.AppendString(append(b, `,"sdk_version":`...), "go/"+o.Server.SDKVersion)
	env.device = append(b, `},`...)

	b = value.AppendString(append(env.server, `"_server_hostname":`...), o.Server.Hostname)
	b = value.AppendString(append(b, `,"_server_go_version":`...), o.Server.GoVersion)
	env.server = value.AppendString(append(b, `,"_server_sdk_version":`...), o.Server.SDKVersion)

	if len(o.Attrs) > 0 {
		env.attrs, env.common = o.Attrs, newEncoder()
		env.common.replaceAttr = env.replaceAttr
		for i := range env.attrs {
			env.common.attr(&env.attrs[i], 0)
		}
	}
	return env
}

// ReplacesAttrs reports whether there is a ReplaceAttr.
func (env *Envelope) ReplacesAttrs() bool { return env.replaceAttr != nil }

// Loss is that of the properties that every event has.
func (env *Envelope) Loss() Loss {
	if env.common == nil {
		return Loss{}
	}
	return env.common.Loss
}

// Encoder turns one event into the gateway's JSON. Properties are first encoded
// beside it, one param map apart from the other, because only the last property
// tells which keys survive and which maps there are. One encoder serves one Track
// at a time; the pool keeps its memory, never the caller's.
type Encoder struct {
	buf     []byte // the event
	payload []byte // its payload, if that is typed
	// arena is the members of each param map, with a comma behind each, and
	// props what is known of them. With gaps there are some in it that are none.
	arena    [kinds][]byte
	props    []property
	gaps     bool
	table    []int32 // hash table over props, in use beyond tableFrom of them
	seen     uint64  // the traces of all keys so far
	initials uint64  // and their first letters
	prefix   []byte  // the open groups as the beginning of an encoded key
	path     uint32  // the hash of their names; 0: there are none
	groups   []string
	pairs    []pair // the members of Properties

	replaceAttr func([]string, slog.Attr) slog.Attr
	tooLarge    bool
	walked      int // attributes so far
	flatBytes   int // keys and strings of the flat form so far
	Loss

	_ [cacheLine]byte
}

// Loss is how many properties of an event did not arrive as they were given.
type Loss struct {
	Dropped    int // ReplaceAttr panicked
	Renamed    int // the event itself uses the name
	RenamedKey string
	Unfit      int // the typed payload has no field for it
	UnfitKey   string
	// Collided: another one has the same name once it is flattened.
	Collided    int
	CollidedKey string
}

// IsNone reports whether all arrived.
func (l *Loss) IsNone() bool { return l.Dropped+l.Renamed+l.Unfit+l.Collided == 0 }

// cacheLine keeps apart what different processors write: two lines, as they fetch
// them in pairs.
const cacheLine = 128

type pair struct {
	key   string
	value any
}

// Get returns an Encoder, which Release gives back.
func Get() *Encoder { return encoders.Get().(*Encoder) }

// Bytes is the event that was encoded last, valid until Release.
func (e *Encoder) Bytes() []byte { return e.buf }

var encoders = sync.Pool{New: func() any { return newEncoder() }}

// newEncoder returns an encoder with memory for most events, in one piece: what two
// processors write to must not share a cache line.
func newEncoder() *Encoder {
	memory := make([]byte, 4<<10)
	cut := func(n int) (b []byte) {
		b, memory = memory[:0:n], memory[n:]
		return b
	}
	return &Encoder{
		buf:   cut(2 << 10),
		arena: [kinds][]byte{stringKind: cut(1 << 10), intKind: cut(512), floatKind: cut(256), boolKind: cut(256)},
		props: make([]property, 0, 32),
	}
}

// maxPooled is the largest buffer that goes back to a pool: one huge event must
// not keep its memory for good.
const maxPooled = 256 << 10

// Release gives the Encoder back, with its memory unless that has grown large.
func (e *Encoder) Release() {
	largest := max(cap(e.buf), cap(e.payload), cap(e.prefix))
	for kind := range e.arena {
		largest = max(largest, cap(e.arena[kind]))
	}
	if largest > maxPooled || cap(e.props) > 16<<10 || cap(e.pairs) > 1024 {
		return
	}
	clear(e.pairs)
	clear(e.groups[:cap(e.groups)])
	e.replaceAttr, e.RenamedKey, e.UnfitKey, e.CollidedKey = nil, "", "", ""
	encoders.Put(e)
}

// reset empties the encoder for the next event.
func (e *Encoder) reset() {
	// One by one, which only changes their lengths.
	e.buf = e.buf[:0]
	e.props = e.props[:0]
	e.table = e.table[:0]
	e.prefix = e.prefix[:0]
	e.groups = e.groups[:0]
	e.pairs = e.pairs[:0]
	for kind := range e.arena {
		e.arena[kind] = e.arena[kind][:0]
	}
	e.seen, e.initials, e.walked, e.flatBytes = 0, 0, 0, 0
	e.Dropped, e.Renamed, e.Unfit, e.Collided, e.path = 0, 0, 0, 0, 0
	e.gaps, e.tooLarge = false, false
}

// Encode encodes an event, which Bytes returns then, or says why it is Invalid.
func (e *Encoder) Encode(env *Envelope, ev *Event) error {
	e.reset()
	e.replaceAttr = env.replaceAttr

	if ev.EventType == "" {
		return errNoEventType
	}
	if ev.TimestampMs > maxTimestampMs {
		return errTooLate
	}
	if ev.TimestampMs < minTimestampMs && time.Now().UnixMilli() >= minTimestampMs {
		return errSeconds // else the clock itself says so, as in testing/synctest
	}
	if ev.AppID != env.AppID && !ValidAppID(ev.AppID) {
		return errBadAppID
	}
	if ev.ID != "" && !validID(ev.ID) {
		return errBadID
	}
	if len(ev.DeviceID)+len(ev.UserID)+len(ev.SessionID)+len(ev.CorrelationID) > MaxBytes {
		return ErrTooLarge
	}
	if env.isFlat {
		return e.encodeFlat(env, ev)
	}
	attrs, depth := ev.Attrs, 0
	if b := boundOf(ev); b != nil {
		depth, attrs = e.beginBound(env, b), attrs[:len(attrs)-1]
	} else if env.common != nil {
		e.begin(env.common)
	}
	if len(ev.Properties) > 0 {
		e.members(ev.Properties)
	}
	for i := range attrs {
		e.attr(&attrs[i], depth)
	}
	if e.tooLarge {
		return ErrTooLarge
	}
	typed := env.typed && e.encodeTyped(env, ev)

	b := e.buf
	if ev.AppID == env.AppID && ev.DeviceID == env.DeviceID {
		b = append(b, env.head...)
	} else {
		b = appendApp(append(b, newEvent...), ev.AppID, ev.DeviceID)
	}
	newKey(ev.TimestampMs).put(b[keyAt:])
	if ev.ID == "" {
		newID(ev.TimestampMs).put(b[idAt:])
	} else {
		b = slices.Replace(b, idAt-1, idAt+len(noUUID)+1, value.AppendString(nil, ev.ID)...)
	}
	b = strconv.AppendInt(b, ev.TimestampMs, 10)
	b = append(b, ',')
	if ev.CorrelationID != "" {
		b = append(b, `"correlation_id":`...)
		b = value.AppendString(b, ev.CorrelationID)
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
	if len(e.buf) > MaxBytes {
		return ErrTooLarge
	}
	return nil
}

// begin puts the properties that all events have into an empty encoder.
func (e *Encoder) begin(common *Encoder) {
	for kind := range e.arena {
		e.arena[kind] = append(e.arena[kind], common.arena[kind]...)
	}
	e.props = append(e.props, common.props...)
	e.table = append(e.table, common.table...)
	e.seen, e.initials, e.gaps, e.tooLarge = common.seen, common.initials, common.gaps, common.tooLarge
}

// appendApp appends what is between the newEvent and its time.
func appendApp(b []byte, appID, deviceID string) []byte {
	b = append(b, appID...) // valid, so nothing in it needs an escape
	b = value.AppendString(append(b, `","device_id":`...), deviceID)
	return append(b, `,"timestamp_ms":`...)
}
