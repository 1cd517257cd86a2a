package adaptertest_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// valued returns calls that log an event with a value under a key, for the loggers
// that make properties of values. On a zerolog line it is text before.
func valued(key string, v any) calls {
	return calls{
		slog: func(l *slog.Logger) {
			l.Info("m", "event", "x", key, v)
			l.With(key, v).Info("m", "event", "x")
		},
		zap: func(l *zap.Logger) {
			l.Info("m", zap.String("event", "x"), zap.Any(key, v))
			l.With(zap.Any(key, v)).Info("m", zap.String("event", "x"))
			l.Info("m", zap.String("event", "x"), zap.Reflect(key, v))
		},
	}
}

// wantEach checks that the calls make events with these properties, and Track as
// well.
func wantEach(t *testing.T, v any, want props) {
	t.Helper()
	valued("k", v).withEach(t, func(t *testing.T, log func(client *causality.Client)) {
		t.Helper()
		client, rec := adaptertest.NewClient(t)
		log(client)
		client.Track(causality.Event{EventType: "x", Properties: props{"k": v}})
		client.Track(causality.Event{EventType: "x", Attrs: []slog.Attr{slog.Any("k", v)}})
		got := adaptertest.Stored(t, client, rec)
		if len(got) < 4 {
			t.Fatalf("%d events arrived", len(got))
		}
		for _, e := range got {
			adaptertest.WantProps(t, e.Properties, want)
		}
	})
}

// token is a secret that redacts itself.
type token string

func (token) LogValue() slog.Value { return slog.StringValue("[redacted]") }

type credentials struct {
	User   string `json:"user"`
	Token  token  `json:"token"`
	hidden token
}

type pointerToken struct{ Secret string }

func (*pointerToken) LogValue() slog.Value { return slog.StringValue("[redacted]") }

type pointerText string

func (*pointerText) LogValue() slog.Value { return slog.StringValue("[redacted]") }

type textKey struct{ Secret string }

func (k textKey) MarshalText() ([]byte, error) { return []byte(k.Secret), nil }
func (*textKey) LogValue() slog.Value          { return slog.StringValue("[redacted]") }

type option[T any] struct {
	Value T
	Ok    bool
}

// A secret is redacted wherever it appears.
func TestRedactionInContainers(t *testing.T) {
	const red = "[redacted]"
	c := credentials{"ada", "secret", "secret"}
	attr := slog.Any("token", token("secret"))
	for _, tc := range []struct {
		name  string
		value any
		want  props
	}{
		{"itself", token("secret"), props{"k": red}},
		{"a pointer", ptr(token("secret")), props{"k": red}},
		{"a slice", []token{"secret", "secret"}, props{"k": `["[redacted]","[redacted]"]`}},
		{"a slice of anything", []any{token("secret"), 1}, props{"k": `["[redacted]",1]`}},
		{"an array", [1]token{"secret"}, props{"k": `["[redacted]"]`}},
		{"a struct", c, props{"k_user": "ada", "k_token": red}},
		{"a pointer to a struct", &c, props{"k_user": "ada", "k_token": red}},
		{"a slice of structs", []credentials{c}, props{"k": `[{"user":"ada","token":"[redacted]"}]`}},
		{"a slice of pointers", []*credentials{&c, nil}, props{"k": `[{"user":"ada","token":"[redacted]"},null]`}},
		{"a map", map[string]token{"a": "secret"}, props{"k_a": red}},
		{"a map of slices", map[string][]token{"a": {"secret"}}, props{"k_a": `["[redacted]"]`}},
		{"a map whose keys are numbers", map[int]token{7: "secret"}, props{"k_7": red}},
		{"an embedded struct", struct{ credentials }{c}, props{"k_user": "ada", "k_token": red}},
		{"a list of slog.Values", []slog.Value{slog.AnyValue(token("secret")), slog.GroupValue(attr)}, props{"k": `["[redacted]",{"token":"[redacted]"}]`}},
		{"a pointer to a slog.Value", ptr(slog.AnyValue(token("secret"))), props{"k": red}},
		{"a slog.Attr", attr, props{"k_token": red}},
		{"a pointer to a slog.Attr", &attr, props{"k_token": red}},
		{"a list of slog.Attrs", []slog.Attr{attr}, props{"k_token": red}},
		{"lists of slog.Attrs", [][]slog.Attr{{attr}}, props{"k": `[{"token":"[redacted]"}]`}},
		{"a struct of slog.Values", struct{ V slog.Value }{slog.AnyValue(token("secret"))}, props{"k_V": red}},
		{"a field whose pointer redacts itself", &struct{ T pointerToken }{pointerToken{"secret"}}, props{"k_T": red}},
		{"elements whose pointers redact themselves", []pointerToken{{"secret"}}, props{"k": `["[redacted]"]`}},
		{"an interface", struct{ V any }{token("secret")}, props{"k_V": red}},
		{"a value whose pointer redacts itself", pointerToken{"secret"}, props{"k": red}},
		{"a map of such values", map[string]pointerToken{"a": {"secret"}}, props{"k_a": red}},
		{"such a value in an interface", []any{pointerToken{"secret"}}, props{"k": `["[redacted]"]`}},
		{"such a field of a value", struct{ T pointerToken }{pointerToken{"secret"}}, props{"k_T": red}},
		{"an array of such values", [1]pointerToken{{"secret"}}, props{"k": `["[redacted]"]`}},
		{"a string whose pointer redacts it", pointerText("secret"), props{"k": red}},
		{"a key", map[token]int{"secret": 1}, props{"k_[redacted]": int64(1)}},
		{"a key whose pointer redacts it", map[pointerText]int{"secret": 1}, props{"k_[redacted]": int64(1)}},
		{"such a key that has a text", map[textKey]int{{"secret"}: 1}, props{"k_[redacted]": int64(1)}},
		{"such a key in an interface", map[encoding.TextMarshaler]int{textKey{"secret"}: 1}, props{"k_[redacted]": int64(1)}},
		{"a generic type", option[token]{"secret", true}, props{"k_Value": red, "k_Ok": true}},
		{"a pointer in a generic type", &option[*pointerToken]{&pointerToken{"secret"}, true}, props{"k_Value": red, "k_Ok": true}},
	} {
		t.Run(tc.name, func(t *testing.T) { wantEach(t, tc.value, tc.want) })
	}
}

func ptr[T any](v T) *T { return &v }

type (
	measure struct {
		Took  time.Duration `json:"took"`
		Ratio float32       `json:"ratio"`
		Err   error         `json:"err"`
		At    time.Time     `json:"at"`
		State shown         `json:"state"`
	}
	tagged struct {
		Plain   int
		Renamed int `json:"renamed,omitempty"`
		Left    int `json:"-"`
		//lint:ignore SA5008 it names the field "-", as encoding/json documents
		Dash  int       `json:"-,"`
		Text  int       `json:",string"`
		Empty []int     `json:",omitempty"`
		Zero  time.Time `json:",omitzero"`
		Nil   *int
		inner
		*Deep
	}
	inner struct {
		Plain string // hidden by the outer one
		Inner string
	}
	Deep struct{ Leaf bool }
)

// A value means the same on its own and inside a list, a struct or a map.
func TestAValueIsTheSameWhereverItAppears(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 52, 55, 0, time.FixedZone("CET", 3600))
	const utc = "2026-11-23T09:52:55Z"
	m := measure{1500 * time.Microsecond, 0.1, errors.New("no stock"), at, "on"}
	const inList = `{"took":1.5,"ratio":0.1,"err":"no stock","at":"` + utc + `","state":"on"}`
	inGroup := props{"k_took": 1.5, "k_ratio": 0.1, "k_err": "no stock", "k_at": utc, "k_state": "on"}
	for _, tc := range []struct {
		name  string
		value any
		want  props
	}{
		{"a duration", m.Took, props{"k": 1.5}},
		{"durations", []time.Duration{m.Took}, props{"k": `[1.5]`}},
		{"an array of durations", [2]time.Duration{m.Took}, props{"k": `[1.5,0]`}},
		{"a list of anything", []any{m.Took, m.Ratio, m.Err, m.At, m.State}, props{"k": `[1.5,0.1,"no stock","` + utc + `","on"]`}},
		{"a list in a list", [][]time.Duration{{m.Took}, nil}, props{"k": `[[1.5],null]`}},
		{"a map", map[string]any{"took": m.Took, "ratio": m.Ratio, "err": m.Err, "at": m.At, "state": m.State}, inGroup},
		{"a struct", m, inGroup},
		{"a pointer to a struct", &m, inGroup},
		{"a list of structs", []measure{m}, props{"k": "[" + inList + "]"}},
		{"a list of maps", []map[string]any{{"took": m.Took}}, props{"k": `[{"took":1.5}]`}},
		{"float32s", []float32{0.1, 16777216}, props{"k": `[0.1,16777216]`}},
		{"a map of float32s", map[string]float32{"a": 0.1}, props{"k_a": 0.1}},
		{"a pointer to a float32", ptr(float32(0.1)), props{"k": 0.1}},
		{"what JSON has no form for, in a list", []any{math.NaN(), 1 + 2i, make(chan int)}, props{"k": `["NaN","(1+2i)","!ERROR: json: unsupported type: chan int"]`}},
		{"bytes in a list", [][]byte{{1}, nil}, props{"k": `["AQ==",null]`}},
		{"raw JSON in a list", []json.RawMessage{json.RawMessage(`{"a": [1, 2]}`)}, props{"k": `[{"a":[1,2]}]`}},
		{"raw JSON", json.RawMessage(`{"a":1}`), props{"k_a": int64(1)}},
		{"a pointer to raw JSON", ptr(json.RawMessage(`{"a":1}`)), props{"k_a": int64(1)}},
		{"raw JSON in a struct", struct {
			R json.RawMessage
			P *json.RawMessage
		}{json.RawMessage(`{"a":1}`), ptr(json.RawMessage(`[2]`))}, props{"k_R_a": int64(1), "k_P": "[2]"}},
		{"the fields that encoding/json writes", tagged{Plain: 1, Left: 2, Dash: 3, Text: 4, inner: inner{"hidden", "in"}},
			props{"k_Plain": int64(1), "k_-": int64(3), "k_Text": "4", "k_Inner": "in"}},
		{"the fields of an embedded pointer", tagged{Deep: &Deep{true}},
			props{"k_Plain": int64(0), "k_-": int64(0), "k_Text": "0", "k_Inner": "", "k_Leaf": true}},
	} {
		t.Run(tc.name, func(t *testing.T) { wantEach(t, tc.value, tc.want) })
	}
}

// As encoding/json names the fields of structs, so does a property.
func TestFieldsAreThoseOfEncodingJSON(t *testing.T) {
	type A struct{ X, Both int }
	type B struct{ Y, Both int }
	type C struct {
		Both int `json:"Both"`
	}
	type Rec struct {
		N    int
		Next *Rec `json:",omitempty"`
	}
	type embedsItself struct {
		*Rec
		Top int
	}
	for _, v := range []any{
		struct {
			A
			B
		}{A{1, 2}, B{3, 4}},
		struct {
			A
			C
		}{A{1, 2}, C{3}},
		struct {
			*A
			B `json:"b"`
		}{nil, B{3, 4}},
		struct {
			A `json:"a"`
			Ü int `json:"ü,omitempty"`
		}{A{1, 2}, 5},
		Rec{1, &Rec{2, nil}},
		embedsItself{&Rec{1, nil}, 2},
		struct {
			F float64        `json:",string"`
			S string         `json:",string"`
			B *bool          `json:",string"`
			M map[string]int `json:",omitempty"`
		}{1.5, "s", ptr(true), nil},
	} {
		text, err := json.Marshal([]any{v})
		if err != nil {
			t.Fatal(err)
		}
		wantEach(t, []any{v}, props{"k": string(text)})
	}
}

type richError struct{ code int }

func (e *richError) Error() string        { return "no stock" }
func (e *richError) LogValue() slog.Value { return slog.GroupValue(slog.Int("code", e.code)) }

// An error is its text with zap, as the line says; log/slog resolves one that is a
// LogValuer, on the line as well.
func TestAnErrorThatIsALogValuer(t *testing.T) {
	err := &richError{7}
	calls{zap: func(l *zap.Logger) {
		event := zap.String("event", "x")
		l.Info("m", event, zap.Error(err))
		l.With(zap.Error(err)).Info("m", event)
		l.Info("m", event, zap.NamedError("error", err))
		l.Info("m", event, zap.Any("error", err))
	}}.want(t, []causality.Event{
		one("x", props{"error": "no stock"})[0], one("x", props{"error": "no stock"})[0],
		one("x", props{"error": "no stock"})[0], one("x", props{"error": "no stock"})[0],
	})
	calls{zap: func(l *zap.Logger) {
		l.Info("m", zap.String("event", "x"), zap.Dict("d", zap.Error(err)), zap.Errors("list", []error{err, nil, (*richError)(nil), errors.New("b")}))
	}}.want(t, one("x", props{"d_error": "no stock", "list": `["no stock",null,null,"b"]`}))
	calls{
		slog:    func(l *slog.Logger) { l.Info("m", "event", "x", "error", err) },
		zerolog: nil,
	}.want(t, one("x", props{"error_code": int64(7)}))
	calls{zerolog: func(l zerolog.Logger) { l.Info().Str("event", "x").Err(err).Send() }}.want(t, one("x", props{"error": "no stock"}))
}

type userID int

// A whole number is an identity, whatever type it has: the claims of a token are
// float64s, and others keep numbers as text.
func TestAnIdentityThatIsANumber(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
		want  causality.Event
	}{
		{"an int", 42, causality.Event{UserID: "42"}},
		{"a float64", float64(42), causality.Event{UserID: "42"}},
		{"a float32", float32(42), causality.Event{UserID: "42"}},
		{"a negative float64", float64(-42), causality.Event{UserID: "-42"}},
		{"zero", math.Copysign(0, -1), causality.Event{UserID: "0"}},
		{"a large float64", 1e15, causality.Event{UserID: "1000000000000000"}},
		{"a float64 beyond an int64", 1e20, causality.Event{UserID: "100000000000000000000"}},
		{"a float64 that is written with an exponent", 1e21, causality.Event{Properties: props{"user_id": 1e21}}},
		{"a fraction", 42.5, causality.Event{Properties: props{"user_id": 42.5}}},
		{"a named int", userID(42), causality.Event{UserID: "42"}},
		{"a pointer", ptr(42), causality.Event{UserID: "42"}},
		{"a json.Number", json.Number("42"), causality.Event{UserID: "42"}},
		{"a json.Number that was a float", json.Number("42.0"), causality.Event{UserID: "42"}},
		{"a json.Number with an exponent", json.Number("1e3"), causality.Event{UserID: "1000"}},
		{"a json.Number beyond an int64", json.Number("123456789012345678901234567890"), causality.Event{UserID: "123456789012345678901234567890"}},
		{"a pointer to a json.Number", ptr(json.Number("42.0")), causality.Event{UserID: "42"}},
		{"a json.Number behind an interface", ptr(any(ptr(json.Number("1e3")))), causality.Event{UserID: "1000"}},
		{"a uint64", uint64(1<<63 + 1), causality.Event{UserID: "9223372036854775809"}},
		{"a bool", true, causality.Event{Properties: props{"user_id": true}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.want.EventType = "x"
			calls{
				slog:    func(l *slog.Logger) { l.Info("m", "event", "x", "user_id", tc.value) },
				zap:     func(l *zap.Logger) { l.Info("m", zap.String("event", "x"), zap.Any("user_id", tc.value)) },
				zerolog: func(l zerolog.Logger) { l.Info().Str("event", "x").Any("user_id", tc.value).Send() },
			}.want(t, []causality.Event{tc.want})
		})
	}
}
