package fakegateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// custom is an event whose custom_event has these further members.
func custom(members string) string {
	return batch(`"custom_event":{"event_name":"e",` + members + `}`)
}

func TestABodyIsAccepted(t *testing.T) {
	for _, test := range []struct{ name, body string }{
		{"when an int is whole in whatever spelling", custom(`"int_params":{"a":5,"b":"5","c":1e3,"d":1.0,"e":-0,"f":"1e3","g":50e-1,"h":0.05e2,"i":9223372036854775807,"j":-9223372036854775808,"k":0.0e99}`)},
		{"when a float is a number or says so", custom(`"float_params":{"a":1.5,"b":3,"c":"1.5","d":"NaN","e":"Infinity","f":"-Infinity","g":1e-999}`)},
		{"when the same key is in two maps", custom(`"string_params":{"a":"x"},"int_params":{"a":1}`)},
		{"when a field is null", custom(`"string_params":null,"bool_params":null`)},
		{"when a second payload is null", batch(`"custom_event":{"event_name":"e"},"screen_view":null`)},
		{"when keys are of any kind", custom(`"string_params":{"":"","a.b c$d":"","\u0000":"","😀":""}`)},
		{"when escapes are whole", custom(`"string_params":{"a":"\u0000\ud83d\ude00\/"}`)},
		{"with a DEL and a replacement character", custom("\"string_params\":{\"a\":\"\u007f\ufffd\"}")},
		{"when names are in camelCase", batch(`"correlationId":"c","deviceContext":{"osVersion":"1"},"customEvent":{"eventName":"e","stringParams":{}}`)},
		{"when a name is spelt with escapes", batch(`"custom\u005fevent":{"event_name":"e"}`)},
		{"when an enum is a name or any number", batch(`"device_context":{"platform":"PLATFORM_WEB","network_type":99},"app_start":{}`)},
		{"with white space all around", " \r\n\t{ \"events\" : [ " + strings.TrimSuffix(strings.TrimPrefix(custom(`"int_params" : { "a" : 1 } `), `{"events":[`), "]}") + " ] } \n"},
		{"when a nested message is empty", batch(`"button_tap":{"button_id":"b","coordinates":{}}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			status, text := post(t, rec, test.body)
			if status != 200 || rec.Len() != 1 {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

// One fault anywhere refuses the whole body; want is the end of what the answer
// says of it.
func TestABodyIsRefused(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"for an unknown field", batch(`"app_start":{},"user_id":"u"`), `(line 2:82): unknown field "user_id"`},
		{"for an unknown field in a payload", batch(`"app_start":{"x":1}`), `(line 2:80): unknown field "x"`},
		{"for an unknown field that is null", batch(`"app_start":{},"x":null`), `unknown field "x"`},
		{"for an extension's name", batch(`"[a.b]":1`), `unknown field "[a.b]"`},
		{"for a field that occurs twice", batch(`"id":"a","id":"b"`), `duplicate field "id"`},
		{"for a field in both spellings", batch(`"correlation_id":"a","correlationId":"b"`), `duplicate field "correlationId"`},
		{"for a field twice, once null", batch(`"id":null,"id":"b"`), `duplicate field "id"`},
		{"for two payloads", batch(`"app_start":{},"app_crash":{}`), `(line 2:82): error parsing "app_crash", oneof causality.v1.EventEnvelope.payload is already set`},
		{"for a key that occurs twice in a map", custom(`"int_params":{"a":1,"a":2}`), `duplicate map key "a"`},
		{"for a key twice, once with an escape", custom(`"int_params":{"a":1,"\u0061":2}`), `duplicate map key "\u0061"`},
		{"for null in a map", custom(`"int_params":{"a":null}`), `invalid value for int64 field value: null`},
		{"for an array in a map", custom(`"string_params":{"a":["b"]}`), `invalid value for string field value: [`},
		{"for an object in a map", custom(`"string_params":{"a":{"b":1}}`), `invalid value for string field value: {`},
		{"for a number among strings", custom(`"string_params":{"a":1}`), `invalid value for string field value: 1`},
		{"for a bool as text", custom(`"bool_params":{"a":"true"}`), `invalid value for bool field value: "true"`},
		{"for a bool among ints", custom(`"int_params":{"a":true}`), `invalid value for int64 field value: true`},
		{"for an int with a fraction", custom(`"int_params":{"a":1.5}`), `invalid value for int64 field value: 1.5`},
		{"for an int that is an empty string", custom(`"int_params":{"a":""}`), `invalid value for int64 field value: ""`},
		{"for an int with space around it", custom(`"int_params":{"a":" 5"}`), `invalid value for int64 field value: " 5"`},
		{"for an int beyond int64", custom(`"int_params":{"a":9223372036854775808}`), `invalid value for int64 field value: 9223372036854775808`},
		{"for an int beyond int32", batch(`"battery_change":{"battery_level":2147483648}`), `invalid value for int32 field batteryLevel: 2147483648`},
		{"for an exponent without end", custom(`"int_params":{"a":1e99999999999}`), `invalid value for int64 field value: 1e99999999999`},
		{"for an exponent without digits", custom(`"int_params":{"a":1e}`), `invalid value 1e`},
		{"for a float beyond double", custom(`"float_params":{"a":1e999}`), `invalid value for double field value: 1e999`},
		{"for a float beyond 32 bits", batch(`"button_tap":{"button_id":"b","coordinates":{"x":1e39}}`), `invalid value for float field x: 1e39`},
		{"for a bare NaN", custom(`"float_params":{"a":NaN}`), `invalid value NaN`},
		{"for +Inf", custom(`"float_params":{"a":"+Inf"}`), `invalid value for double field value: "+Inf"`},
		{"for an enum's name in lower case", batch(`"device_context":{"platform":"platform_web"}`), `invalid value for enum field platform: "platform_web"`},
		{"for an enum's number as text", batch(`"device_context":{"network_type":"1"}`), `invalid value for enum field networkType: "1"`},
		{"for null in a list", batch(`"purchase_complete":{"order_id":"o","items":[null]}`), `unexpected token null`},
		{"for a number in a list of strings", batch(`"user_profile_update":{"fields_updated":["a",1]}`), `invalid value for string field fieldsUpdated: 1`},
		{"for an array in place of a map", custom(`"string_params":[]`), `unexpected token [`},
		{"for a map in place of a list", batch(`"purchase_complete":{"order_id":"o","items":{}}`), `unexpected token {`},
		{"for a string in place of a message", batch(`"custom_event":"x"`), `unexpected token "x"`},
		{"for bytes that are not UTF-8", custom("\"string_params\":{\"a\":\"\xff\"}"), `invalid UTF-8 in string`},
		{"for half a surrogate pair", custom(`"string_params":{"a":"\ud800"}`), `invalid escape code "\"}}}\n]" in string`},
		{"for an escape that does not exist", custom(`"string_params":{"a":"\x41"}`), `invalid escape code "\\x" in string`},
		{"for a raw control character", custom("\"string_params\":{\"a\":\"x\ny\"}"), `invalid character '\n' in string`},
		{"for leading zeros", batch(`"id":0123`), `invalid value 0123`},
		{"for hex", batch(`"id":0x10`), `invalid value 0x10`},
		{"for a comment", `{"events":[]/*c*/}`, `(line 1:13): invalid value /`},
		{"for single quotes", `{'events':[]}`, `(line 1:2): invalid value '`},
		{"for a trailing comma in an array", `{"events":[{},]}`, `(line 1:15): unexpected token ]`},
		{"for a trailing comma in an object", `{"events":[{"id":"",}]}`, `(line 1:21): unexpected token }`},
		{"for what comes after it", `{"events":[]} x`, `(line 1:15): invalid value x`},
		{"for a second value", `{}{}`, `(line 1:3): unexpected token {`},
		{"for a missing colon", `{"events" []}`, `unexpected character [, missing ":" after field name`},
		{"for a missing comma", `{"events":[{} {}]}`, `(line 1:15): unexpected token {`},
		{"for a name that is no string", `{events:[]}`, `(line 1:2): invalid value events`},
		{"for a value that is no object", `[]`, `(line 1:1): unexpected token [`},
		{"for white space alone", "  ", `(line 1:3): unexpected token `},
		{"when it ends early", `{"events":[{"id":"x`, `unexpected EOF`},
		{"when it ends in an escape", `{"events":[{"id":"\u00`, `unexpected EOF`},
		{"when it ends after a name", `{"events"`, `unexpected EOF`},
		{"when it is gzip", "\x1f\x8b\x08", "(line 1:1): invalid value \x1f"},
		{"counting columns in characters", `{"é":1}`, `(line 1:2): unknown field "é"`},
		{"counting columns after wide characters", batch(`"id":"ééé😀","x":1`), `(line 2:79): unknown field "x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			status, text := post(t, rec, test.body)
			var answer struct {
				Violations []struct{ Field, Description string }
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 400 || len(answer.Violations) != 1 {
				t.Fatalf("%v: %d %s", err, status, text)
			}
			got, ok := strings.CutPrefix(answer.Violations[0].Description, "failed to parse request body: could not unmarshal request JSON: proto:\u00a0")
			if !ok || !strings.HasSuffix(got, test.want) || answer.Violations[0].Field != "body" || rec.Len() != 0 {
				t.Errorf("%s\nwant %s", text, test.want)
			}
		})
	}
}

func TestABodyIsRefusedForWhatIsMissing(t *testing.T) {
	const tooShort = `", "description":"value length must be at least 1 characters"}`
	for _, test := range []struct{ name, body, want string }{
		{"when it is empty", "", `{"violations":[{"field":"events", "description":"value must contain at least 1 item(s)"}]}`},
		{"when it has no events", "{}", `{"violations":[{"field":"events", "description":"value must contain at least 1 item(s)"}]}`},
		{"when it has more than 1000", string(events(1001, 300_000, -1)), `{"violations":[{"field":"events", "description":"value must contain no more than 1000 item(s)"}]}`},
		{"an app and a device", `{"events":[{}]}`, `{"violations":[{"field":"events.app_id` + tooShort + `, {"field":"events.device_id` + tooShort + `]}`},
		{"a name", batch(`"custom_event":{}`), `{"violations":[{"field":"events.custom_event.event_name` + tooShort + `]}`},
		{"a required field that is empty", batch(`"screen_view":{"screen_name":""}`), `{"violations":[{"field":"events.screen_view.screen_name` + tooShort + `]}`},
		{"in some of its events, each field once", batch(`"button_tap":{}`, named("a"), `"button_tap":{}`, `"text_input":{}`), `{"violations":[{"field":"events.button_tap.button_id` + tooShort + `, {"field":"events.text_input.field_id` + tooShort + `]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			if status, text := post(t, rec, test.body); status != 400 || text != test.want || rec.Len() != 0 {
				t.Errorf("%d %s\nwant %s", status, text, test.want)
			}
		})
	}
}

func TestAnEventIsRejectedAloneAndItsKey(t *testing.T) {
	const head = `{"events":[{"app_id":"shop","device_id":"d","idempotency_key":"k",`
	const good = `"custom_event":{"event_name":"e"}`
	long := strings.Repeat("n", 3996)
	for _, test := range []struct {
		name, body, want string
		spent            bool
	}{
		{"without a timestamp stays unspent", head + good + "}]}", "timestamp_ms is required and must be > 0", false},
		{"with a negative timestamp stays unspent", head + `"timestamp_ms":-1,` + good + "}]}", "timestamp_ms is required and must be > 0", false},
		{"without a payload stays unspent", head + `"timestamp_ms":1}]}`, "event_type is required (payload must not be empty)", false},
		{"over the limit of NATS is spent", head + `"timestamp_ms":1,"app_crash":{"stack_trace":"` + strings.Repeat("x", 1<<20) + `"}}]}`, "failed to publish event: nats: maximum payload exceeded", true},
		{"with a line feed in its name is spent", head + `"timestamp_ms":1,"custom_event":{"event_name":"a\nb"}}]}`, "failed to publish event: context deadline exceeded", true},
		{"with a tab in its name is spent", head + `"timestamp_ms":1,"custom_event":{"event_name":"a\tb"}}]}`, "failed to publish event: context deadline exceeded", true},
		{"with a carriage return in its name is spent", head + `"timestamp_ms":1,"custom_event":{"event_name":"a\rb"}}]}`, "failed to publish event: context deadline exceeded", true},
		{"with white space in its app_id is spent", strings.Replace(head, "shop", "my shop", 1) + `"timestamp_ms":1,` + good + "}]}", "failed to publish event: context deadline exceeded", true},
		{"with an over-long name is spent", head + `"timestamp_ms":1,"custom_event":{"event_name":"` + long + `"}}]}`, "failed to publish event: nats: connection closed", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := fakegateway.New()
			status, text := post(t, rec, test.body)
			if want := `{"rejectedCount":1, "results":[{"status":"rejected", "error":"` + test.want + `"}]}`; status != 200 || text != want {
				t.Errorf("%d %s\nwant %s", status, text, want)
			}
			post(t, rec, head+`"timestamp_ms":1,`+good+"}]}")
			if spent := rec.Len() == 0; spent != test.spent {
				t.Errorf("the key was spent: %v, want %v", spent, test.spent)
			}
		})
	}
}

func TestAKeyMustBeWellFormedOrTheOneThatWasGiven(t *testing.T) {
	for _, test := range []struct {
		name, want string
		key        string
		status     int
	}{
		{"any key of 64 hex digits", "", "", 200},
		{"the one that was given", "", replayKey, 200},
		{"not the one that was given", `{"error":"invalid API key"}` + "\n", otherKey, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, text := post(t, &fakegateway.Gateway{Key: test.key}, batch(named("a")))
			if status != test.status || test.want != "" && text != test.want {
				t.Error(status, text)
			}
		})
	}
}
