package conformance

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// arrival is what the gateway must have stored of one event.
type arrival struct {
	invalid       string // why it is never sent, or ""
	isLarge       bool   // about as large as an event may be: it may be Invalid
	appID         string
	deviceID      string
	correlationID string
	at            int64  // 0: when it was tracked
	payload       string // custom_event or the kind
	fields        object // of the payload

	renamed, dropped int64 // properties, as Stats counts them
}

// object is a message or map that must arrive: each name with a value (string,
// int64, float64, float32, bool, object, []any), or a leaf whose text is not
// known to the letter.
type object struct {
	exact map[string]any
	// deep are the beginnings of names, at least one each, of what nests
	// deeper than is promised.
	deep []string
}

func newObject() object { return object{exact: make(map[string]any)} }

// setup are what of a causality.Config decides over what arrives.
type setup struct {
	appID    string
	deviceID string
	typed    bool
	hasHooks bool // see hooks_test.go
}

var hostname = func() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "unknown"
}()

// serverContext are the properties that every custom event ends with.
var serverContext = map[string]string{
	"_server_hostname":    hostname,
	"_server_go_version":  runtime.Version(),
	"_server_sdk_version": causality.SDKVersion,
}

const (
	largestEvent = 1_000_000
	// lastMoment is the end of the year 9999.
	lastMoment = 253402300799999
	// firstMoment is the beginning of 2001: what is less is in seconds.
	firstMoment = 978307200000
)

// arrive says what must be stored of an event that was tracked.
func (s setup) arrive(e tracked) arrival {
	a := arrival{appID: e.appID, deviceID: valid(e.ids.DeviceID), correlationID: valid(e.ids.CorrelationID), at: max(e.at, 0)}
	if a.appID == "" {
		a.appID = s.appID
	}
	if e.ids.DeviceID == "" {
		a.deviceID = valid(s.deviceID)
	}
	if a.deviceID == "" {
		a.deviceID = hostname
	}
	atLeast, atMost := e.size()
	a.isLarge = atMost > largestEvent
	switch {
	case e.eventType == "":
		a.invalid = "no type"
	case e.at > lastMoment, 0 < e.at && e.at < firstMoment:
		a.invalid = "bad time"
	case !isAppID(a.appID):
		a.invalid = "bad AppID"
	case atLeast > largestEvent:
		a.invalid = "too large"
	}
	props, deep := settled(e.props)
	if s.typed && s.arriveTyped(&a, e, props, deep) {
		return a
	}
	a.payload = "custom_event"
	a.fields, a.renamed = custom(e, props, deep)
	return a
}

// settled is the properties by name: of those with the same name the last.
func settled(all []property) (props map[string]leaf, deep []string) {
	props = make(map[string]leaf)
	for _, p := range all {
		if p.isDeep {
			deep = append(deep, p.key)
		} else {
			props[p.key] = p.leaf
		}
	}
	return props, deep
}

// custom is the custom_event of an event: its properties by type. A property
// named like something that the event itself uses gets the next free name.
func custom(e tracked, props map[string]leaf, deep []string) (o object, renamed int64) {
	own := make(map[string]string)
	for name, text := range serverContext {
		own[name] = text
	}
	if e.ids.UserID != "" {
		own["user_id"] = valid(e.ids.UserID)
	}
	if e.ids.SessionID != "" {
		own["session_id"] = valid(e.ids.SessionID)
	}
	texts := newObject()
	texts.deep = deep
	params := map[string]object{"string_params": texts, "int_params": newObject(), "float_params": newObject(), "bool_params": newObject()}
	for name, text := range own {
		texts.exact[name] = text
	}
	for name, l := range props {
		if _, isTaken := own[name]; isTaken {
			renamed++
			name = freeName(name, props)
		}
		params[l.param()].exact[name] = l.stored()
	}
	o = newObject()
	o.exact["event_name"] = validType(e.eventType)
	for name, param := range params {
		if len(param.exact)+len(param.deep) > 0 {
			o.exact[name] = param
		}
	}
	return o, renamed
}

func freeName(name string, props map[string]leaf) string {
	for n := 2; ; n++ {
		free := name + "_" + strconv.Itoa(n)
		if _, isTaken := props[free]; !isTaken {
			return free
		}
	}
}

// param is the map that a leaf arrives in.
func (l *leaf) param() string {
	switch l.kind {
	case anInt:
		return "int_params"
	case aFloat, aDuration:
		return "float_params"
	case aBool:
		return "bool_params"
	}
	return "string_params"
}

// stored is a leaf as the gateway stores it, or the leaf where its text is not
// known to the letter.
func (l leaf) stored() any {
	switch l.kind {
	case anInt:
		return l.n
	case aFloat, aDuration:
		return l.f
	case aBool:
		return l.b
	case aLooseList, aComplaint:
		return l
	}
	return valid(l.text)
}

// validType is the name of an event as it arrives: UTF-8, "_" for control
// characters, at most 256 bytes.
func validType(eventType string) string {
	var b strings.Builder
	for _, r := range eventType { // a byte that is not UTF-8 is U+FFFD
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			r = '_'
		}
		if b.Len()+len(string(r)) > 256 {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isAppID(s string) bool {
	rest := strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
	return s != "" && rest == "" && len(s) <= 256
}

// size bounds what the event takes as JSON, from the strings in it and what
// their escapes may come to.
func (e *tracked) size() (atLeast, atMost int) {
	const frame = 2000 // ids, the names of the fields, the server context
	grow := func(text string) {
		atLeast += len(text)
		atMost += 6 * len(text)
	}
	for _, text := range []string{e.ids.DeviceID, e.ids.CorrelationID} {
		grow(text)
	}
	// A typed payload may have no place for these two.
	atMost += 6 * (len(e.ids.UserID) + len(e.ids.SessionID))
	// An object that is too large by its name alone may be empty.
	atMost += 6 * e.prefix
	for _, p := range e.props {
		grow(p.key)
		grow(p.leaf.text)
		atMost += 64
		if p.isDeep || p.leaf.kind == aComplaint {
			atMost += 8000
		}
	}
	return atLeast, atMost + frame
}
