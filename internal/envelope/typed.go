package envelope

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// encodeTyped leaves ev in e.payload as the payload that the catalogue has for
// it, and places its identity. It returns false, with ev as it was, where there
// is none or the event does not fit: a required field is missing or empty, or a
// value does not convert.
//
// A field takes the property of its name; a message's field is the property
// coordinates_x, and so on, which is what a group flattens to.
func (e *Encoder) encodeTyped(env *Envelope, ev *Event) bool {
	payload := catalogue.PayloadOf(ev.EventType)
	if payload == nil {
		return false
	}
	b := append(e.payload[:0], '"')
	b = append(b, ev.EventType...)
	b = append(b, '"', ':')
	b, _, ok := e.appendFields(b, "", payload.Fields, ev)
	e.payload = b
	if !ok {
		e.Unfit, e.UnfitKey = 0, "" // the custom event has room for all
		return false
	}
	for i := range e.props {
		if p := &e.props[i]; !p.isDead && !p.used {
			key := e.key(p)
			e.leaveOut(string(key[1 : len(key)-len(`":`)]))
		}
	}
	switch {
	case ev.UserID == "" || ev.UserID == ev.DeviceID || payload.Fields[0].Name == "user_id":
	case env.namesHost && ev.DeviceID == env.DeviceID:
		ev.DeviceID = ev.UserID
	default:
		e.leaveOut("user_id")
	}
	switch {
	case ev.SessionID == "" || ev.SessionID == ev.CorrelationID:
	case ev.CorrelationID == "":
		ev.CorrelationID = ev.SessionID
	default:
		e.leaveOut("session_id")
	}
	return true
}

// leaveOut counts a property that the payload has no field for.
func (e *Encoder) leaveOut(key string) {
	if e.Unfit++; e.Unfit == 1 {
		e.UnfitKey = key
	}
}

// appendFields appends the fields of a message as an object: those for which
// there is a property under the prefix. The UserID fills user_id. any tells
// whether there was one, ok whether all fit.
func (e *Encoder) appendFields(b []byte, prefix string, fields []catalogue.Field, ev *Event) (_ []byte, any, ok bool) {
	b = append(b, '{')
	for i := range fields {
		f := &fields[i]
		mark := len(b)
		if any {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, f.Name...)
		b = append(b, '"', ':')
		found, ok := false, true
		p := e.lookup(prefix + f.Name)
		switch {
		case f.Name == "user_id" && ev.UserID != "":
			b, found = value.AppendString(b, ev.UserID), true
		case f.Kind == catalogue.MessageKind && f.Form == catalogue.Single || f.Form == catalogue.Map:
			if p != nil {
				return b, any, false // a plain value is where members should be
			}
			if f.Form == catalogue.Single {
				b, found, ok = e.appendFields(b, prefix+f.Name+"_", f.Message.Fields, ev)
			} else {
				b, found = e.appendTextMap(b, prefix+f.Name+"_")
			}
		case p != nil:
			found = true
			b, ok = e.appendField(b, f, p)
			p.used = true
		default:
			ok = !e.holdsObject(ev, prefix, f.Name)
		}
		if !ok || f.Required && !found {
			return b, any, false
		}
		if !found {
			b = b[:mark]
		}
		any = any || found
	}
	return append(b, '}'), any, true
}

// lookup returns the living property of this name, or nil.
func (e *Encoder) lookup(name string) *property {
	e.buf = append(append(append(e.buf[:0], '"'), name...), '"', ':')
	i := e.find(e.hash(e.buf), e.buf)
	e.buf = e.buf[:0]
	if i < 0 {
		return nil
	}
	return &e.props[i]
}

// holdsObject reports whether the event states an object of this name, where a
// field wants a plain value. Its members are properties such as currency_code;
// one that is called so by itself is only a property without a field.
func (e *Encoder) holdsObject(ev *Event, prefix, name string) bool {
	isObject := func(v slog.Value) bool { return value.Resolve(v).Kind() == slog.KindGroup }
	// What begins with coordinates_x_ can hardly be anything else.
	v, ok := ev.Properties[name]
	stated := prefix != "" || ok && isObject(slog.AnyValue(v)) ||
		slices.ContainsFunc(ev.Attrs, func(a slog.Attr) bool { return a.Key == name && isObject(a.Value) })
	// Config.ReplaceAttr may have dropped it.
	return stated && slices.ContainsFunc(e.props, func(p property) bool {
		return !p.isDead && strings.HasPrefix(string(e.key(&p)[1:]), prefix+name+"_")
	})
}

// appendTextMap appends the properties under a prefix as a map of strings.
func (e *Encoder) appendTextMap(b []byte, prefix string) (_ []byte, any bool) {
	b = append(b, '{')
	for i := range e.props {
		p := &e.props[i]
		name := e.key(p)[1:]
		if p.isDead || !strings.HasPrefix(string(name), prefix) {
			continue
		}
		if any {
			b = append(b, ',')
		}
		b = append(append(b, '"'), name[len(prefix):]...)
		b = appendText(b, p.kind, e.text(p))
		p.used, any = true, true
	}
	return append(b, '}'), any
}

// appendField appends a property as the value of a field, or returns false where
// it does not convert.
func (e *Encoder) appendField(b []byte, f *catalogue.Field, p *property) ([]byte, bool) {
	text := e.text(p)
	if f.Form == catalogue.Single {
		return appendScalarField(b, f, p.kind, text, p.isDuration)
	}
	var listText string
	if p.kind != stringKind || json.Unmarshal(text, &listText) != nil {
		return b, false
	}
	v, _ := parseJSON(listText)
	list, ok := v.([]any)
	if !ok {
		return b, false
	}
	return e.appendList(b, f, list)
}

// appendScalarField appends an encoded scalar as the value of a field, or
// returns false where it does not convert without loss. A duration, which is
// milliseconds, may be rounded to whole ones.
func appendScalarField(b []byte, f *catalogue.Field, kind kind, text []byte, isDuration bool) ([]byte, bool) {
	inside := string(text)
	if kind == stringKind {
		inside = inside[1 : len(inside)-1]
	}
	switch f.Kind {
	case catalogue.StringKind:
		return appendText(b, kind, text), !f.Required || inside != ""
	case catalogue.Int32Kind, catalogue.Int64Kind:
		n, ok := integer(kind, inside, isDuration)
		if f.Kind == catalogue.Int32Kind && (n < math.MinInt32 || n > math.MaxInt32) {
			return b, false
		}
		return strconv.AppendInt(b, n, 10), ok
	case catalogue.FloatKind:
		n, err := strconv.ParseFloat(inside, 64)
		// gateway: coordinates are 32-bit floats; one beyond refuses the whole
		// request.
		if kind == boolKind || err != nil || !(math.Abs(n) <= math.MaxFloat32) {
			return b, false
		}
		return value.AppendFloat(b, n), true
	case catalogue.BoolKind:
		if inside != "true" && inside != "false" {
			return b, false
		}
		return append(b, inside...), true
	case catalogue.EnumKind:
		name, ok := enumName(f.Enum, kind, inside)
		return append(append(append(b, '"'), name...), '"'), ok && !isDuration
	}
	return b, false
}

// parseJSON decodes one JSON text, with its numbers as they are written.
func parseJSON(text string) (v any, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil, false
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, false // more than one
	}
	return v, true
}

// appendText appends an encoded scalar as a string.
func appendText(b []byte, kind kind, text []byte) []byte {
	if kind == stringKind {
		return append(b, text...)
	}
	return append(append(append(b, '"'), text...), '"')
}

// integer reads a whole number.
func integer(kind kind, text string, isDuration bool) (n int64, ok bool) {
	if kind != floatKind {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if isDuration {
		f = math.Round(f)
	}
	// The largest float below 2^63; 2^63 itself is beyond int64.
	if err != nil || f != math.Trunc(f) || f < math.MinInt64 || f >= math.MaxInt64 {
		return 0, false
	}
	return int64(f), true
}

// enumName returns the full name of a value given by its full name, its short one in
// any case ("left"), or its number.
func enumName(e *catalogue.Enum, kind kind, text string) (string, bool) {
	if kind == stringKind {
		short := strings.TrimPrefix(text, e.Prefix)
		for _, name := range e.Names {
			if strings.EqualFold(name[len(e.Prefix):], short) {
				return name, true
			}
		}
	}
	// Numbers out of JSON are floats in Go.
	if n, ok := integer(kind, text, false); ok && n >= 0 && n < int64(len(e.Names)) {
		return e.Names[n], true
	}
	return "", false
}

// appendList appends the elements of a repeated field.
func (e *Encoder) appendList(b []byte, f *catalogue.Field, list []any) ([]byte, bool) {
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		ok := false
		if f.Message == nil {
			b, ok = appendElement(b, f, element)
		} else if members, isObject := element.(map[string]any); isObject {
			b, ok = e.appendMessage(b, f, members)
		}
		if !ok {
			return b, false // gateway: a null in a list refuses the request
		}
	}
	return append(b, ']'), true
}

// appendMessage appends one message of a list. Members that it has no field for
// are left out.
func (e *Encoder) appendMessage(b []byte, list *catalogue.Field, members map[string]any) ([]byte, bool) {
	b = append(b, '{')
	any, known := false, 0
	for i := range list.Message.Fields {
		f := &list.Message.Fields[i]
		v, ok := members[f.Name]
		if ok {
			known++
		}
		if v == nil {
			continue
		}
		if any {
			b = append(b, ',')
		}
		any = true
		b = append(append(append(b, '"'), f.Name...), '"', ':')
		if b, ok = appendElement(b, f, v); !ok {
			return b, false
		}
	}
	if known < len(members) {
		e.leaveOutMembers(list, members)
	}
	return append(b, '}'), true
}

// leaveOutMembers counts the members that a message of a list has no field for.
func (e *Encoder) leaveOutMembers(list *catalogue.Field, members map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if members[key] != nil && !slices.ContainsFunc(list.Message.Fields, func(f catalogue.Field) bool { return f.Name == key }) {
			e.leaveOut(list.Name + "_" + key)
		}
	}
}

// appendElement appends a scalar out of a list as the value of a field.
func appendElement(b []byte, f *catalogue.Field, v any) ([]byte, bool) {
	var plain slog.Value
	switch v := v.(type) {
	case string:
		plain = slog.StringValue(v)
	case bool:
		plain = slog.BoolValue(v)
	case json.Number:
		plain = value.Number(string(v))
	default:
		return b, false
	}
	plain, _, kind := represent(plain, plain.Kind())
	return appendScalarField(b, f, kind, value.AppendJSON(nil, plain), false)
}
