package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// mutator makes bodies that are nearly right: it takes one apart into JSON
// tokens, changes a few and puts it together again. A seed makes it repeat.
type mutator struct{ rand *rand.Rand }

func newMutator(seed uint64) *mutator {
	return &mutator{rand.New(rand.NewPCG(seed, 0))}
}

// mutate changes a body in one to three places.
func (m *mutator) mutate(body string) string {
	for range 1 + m.rand.IntN(3) {
		body = m.change(body)
	}
	return body
}

func (m *mutator) change(body string) string {
	tokens := tokenize(body)
	if len(tokens) < 2 || m.rand.IntN(8) == 0 {
		return m.changeBytes(body)
	}
	switch m.rand.IntN(9) {
	case 0:
		return m.dropMember(tokens)
	case 1:
		return m.doubleMember(tokens)
	case 2:
		return m.addMember(tokens)
	case 3, 4:
		return m.replace(tokens, isKey, m.otherKey)
	case 5:
		return m.space(tokens)
	default:
		return m.replace(tokens, isValue, m.otherValue)
	}
}

// members are what a mutation adds: known and unknown, right and wrong.
var members = []string{
	`"nope":1`, `"nope":null`, `"[a.b]":1`, `"user_id":"u"`, `"sessionId":"s"`, `"":1`,
	`"id":"x"`, `"id":""`, `"app_id":"a"`, `"appId":null`, `"device_id":"d"`, `"deviceId":""`,
	`"timestamp_ms":1`, `"timestampMs":"2"`, `"timestamp_ms":0`, `"timestamp_ms":-1`,
	`"idempotency_key":"k"`, `"idempotencyKey":null`, `"correlation_id":"c"`, `"correlationId":7`,
	`"device_context":{}`, `"device_context":null`, `"deviceContext":{"platform":"PLATFORM_WEB"}`,
	`"device_context":{"platform":3,"screenWidth":"640","is_emulator":true}`, `"device_context":{"network_type":"NETWORK_TYPE_5G"}`,
	`"platform":"PLATFORM_IOS"`, `"platform":-1`, `"platform":2147483648`, `"platform":1.0`, `"platform":"1"`, `"platform":true`,
	`"screen_width":1e3`, `"screenHeight":-2147483649`, `"is_jailbroken":"true"`, `"isEmulator":null`,
	`"custom_event":{"event_name":"e"}`, `"customEvent":{}`, `"custom_event":null`, `"custom_event":[]`,
	`"screen_view":{"screen_name":"s"}`, `"screen_view":null`, `"app_start":{}`, `"appStart":{"isColdStart":true}`,
	`"button_tap":{"button_id":"b","coordinates":{"x":1.5,"y":"2"}}`, `"coordinates":{"x":3.5e38}`, `"coordinates":{"x":3.4028235677973366e38}`,
	`"swipe_gesture":{"direction":"SWIPE_DIRECTION_UP"}`, `"swipe_gesture":{"direction":"swipe_direction_up"}`, `"direction":99`,
	`"purchase_complete":{"order_id":"o","items":[{},{"quantity":2}]}`, `"items":[null]`, `"items":null`, `"items":{}`,
	`"user_profile_update":{"fields_updated":["a",""]}`, `"fieldsUpdated":[null]`, `"fields_updated":[1]`, `"fields_updated":"a"`,
	`"battery_change":{"battery_level":-0}`, `"memory_warning":{"level":"MEMORY_WARNING_LEVEL_CRITICAL"}`,
	`"event_name":"n"`, `"eventName":""`, `"event_name":"a\nb"`, `"event_name":"a\rb"`, `"event_name":"\u0000"`,
	`"string_params":{"a":"b"}`, `"stringParams":null`, `"string_params":{"a":"1","\u0061":"2"}`, `"string_params":{"a":null}`,
	`"int_params":{"a":1}`, `"intParams":{"a":"9223372036854775808"}`, `"int_params":{"":-0.0}`, `"int_params":[]`,
	`"float_params":{"a":"NaN"}`, `"floatParams":{"a":1e309}`, `"float_params":{"a":"-Infinity"}`, `"float_params":{"a":""}`,
	`"bool_params":{"a":true}`, `"boolParams":{"a":0}`, `"bool_params":{"a":"true"}`, `"params":{"a":"b"}`,
	`"events":[]`, `"Events":1`, `"event":{}`,
}

// values are what a mutation puts in a value's place: every kind, the limits of
// every number, the corners of every string.
var values = []string{
	`null`, `true`, `false`, `True`, `nul`, `{}`, `[]`, `[null]`, `[{}]`, `{"a":1}`, `{"a":"b"}`, `""`, `"x"`, `" "`,
	`0`, `-0`, `1`, `-1`, `5`, `0.0`, `1.0`, `1.5`, `-1.5`, `1e3`, `1E3`, `1e+3`, `1e-3`, `1000e-3`, `1.50e1`, `0e0`, `0e400`, `1e400`, `-1e400`, `1e-400`, `1e309`,
	`0123`, `00`, `-`, `+1`, `.5`, `5.`, `5.e3`, `1e`, `0x10`, `1_000`, `NaN`, `Infinity`, `-Infinity`,
	`2147483647`, `2147483648`, `-2147483648`, `-2147483649`, `2147483647.0`, `2.147483648e9`,
	`9007199254740993`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`,
	`9.223372036854775807e18`, `9223372036854775807.0`, `92233720368547758070e-1`, `18446744073709551615`, `1e18`, `1e19`,
	`3.4028235e38`, `3.4028236e38`, `-3.5e38`, `1.7976931348623157e308`, `1.7976931348623159e308`, `1e-50`, `5e-324`,
	`"0"`, `"5"`, `" 5"`, `"5 "`, `"+5"`, `"-0"`, `"1.5"`, `"1.0"`, `"1e3"`, `"0x10"`, `"05"`, `"9223372036854775807"`, `"9223372036854775808"`, `"2147483648"`,
	`"NaN"`, `"nan"`, `"Infinity"`, `"-Infinity"`, `"+Inf"`, `"inf"`, `"1e400"`, `"true"`, `"null"`, `"1_0"`, `"\u0035"`,
	`"PLATFORM_WEB"`, `"PLATFORM_LINUX"`, `"platform_web"`, `"NETWORK_TYPE_WIFI"`, `"SWIPE_DIRECTION_LEFT"`, `"BATTERY_STATE_FULL"`, `"1"`,
	`"\ud800"`, `"\udc00"`, `"\ud800\u0041"`, `"\ud83d\ude00"`, `"\uD83D"`, `"\u0000"`, `"\u00zz"`, `"\x"`, `"\'"`, `"\/\b\f\n\r\t\"\\"`, `"\`, `"`, `'x'`,
	"\"a\nb\"", "\"\x01\"", "\"\x7f\"", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xef\xbf\xbf\"", "\"é\"", "\"\u2028\"", "\"\u00a0\"",
}

func (m *mutator) otherValue(string) string { return m.pick(values) }

// otherKey spells a key otherwise, or exchanges it for another one.
func (m *mutator) otherKey(key string) string {
	name := strings.Trim(key, `"`)
	switch m.rand.IntN(5) {
	case 0:
		return `"` + camel(name) + `"`
	case 1: // the same key, its first letter escaped
		if name == "" || name[0] == '\\' {
			return `"\u0000"`
		}
		return fmt.Sprintf(`"\u%04x%s"`, name[0], name[1:])
	case 2:
		return `"` + strings.ToUpper(name) + `"`
	case 3:
		return m.pick([]string{`""`, `"x"`, `1`, `null`, `x`, `"[x]"`, `"a\ud800"`, "\"\xff\"", "\"\n\""})
	default:
		other, _, _ := strings.Cut(m.pick(members), ":")
		return other
	}
}

// camel is the JSON name of a snake_case field.
func camel(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

func (m *mutator) pick(from []string) string { return from[m.rand.IntN(len(from))] }

// replace exchanges one token of a kind.
func (m *mutator) replace(tokens []string, kind func([]string, int) bool, other func(string) string) string {
	at := m.find(tokens, kind)
	if at < 0 {
		return m.changeBytes(strings.Join(tokens, ""))
	}
	tokens[at] = other(tokens[at])
	return strings.Join(tokens, "")
}

func (m *mutator) dropMember(tokens []string) string {
	at := m.find(tokens, isKey)
	if at < 0 {
		return strings.Join(tokens, "")
	}
	end := memberEnd(tokens, at)
	if end < len(tokens) && tokens[end] == "," && m.rand.IntN(8) > 0 {
		end++
	} else if at > 0 && tokens[at-1] == "," && m.rand.IntN(8) > 0 {
		at--
	}
	return strings.Join(tokens[:at], "") + strings.Join(tokens[end:], "")
}

func (m *mutator) doubleMember(tokens []string) string {
	at := m.find(tokens, isKey)
	if at < 0 {
		return strings.Join(tokens, "")
	}
	end := memberEnd(tokens, at)
	member := strings.Join(tokens[at:end], "")
	again := member
	if m.rand.IntN(2) == 0 {
		again = m.otherKey(tokens[at]) + strings.TrimPrefix(member, tokens[at])
	}
	return strings.Join(tokens[:at], "") + member + "," + again + strings.Join(tokens[end:], "")
}

func (m *mutator) addMember(tokens []string) string {
	at := m.find(tokens, func(tokens []string, i int) bool { return tokens[i] == "{" })
	if at < 0 {
		return strings.Join(tokens, "")
	}
	comma := ","
	if at+1 < len(tokens) && tokens[at+1] == "}" {
		comma = ""
	}
	return strings.Join(tokens[:at+1], "") + m.pick(members) + comma + strings.Join(tokens[at+1:], "")
}

func (m *mutator) space(tokens []string) string {
	at := m.rand.IntN(len(tokens))
	blank := m.pick([]string{" ", "\n", "\t", "\r\n", "\v", "\u00a0", "\ufeff", "/**/", ",", ":", "}", "]"})
	return strings.Join(tokens[:at], "") + blank + strings.Join(tokens[at:], "")
}

func (m *mutator) changeBytes(body string) string {
	if body == "" {
		return m.pick(values)
	}
	at := m.rand.IntN(len(body))
	switch m.rand.IntN(4) {
	case 0:
		return body[:at]
	case 1:
		return body[:at] + body[at+1:]
	case 2:
		return body[:at] + string([]byte{byte(m.rand.IntN(256))}) + body[at+1:]
	default:
		return body[:at] + body[at/2:]
	}
}

func (m *mutator) find(tokens []string, kind func([]string, int) bool) int {
	var found []int
	for i := range tokens {
		if kind(tokens, i) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return -1
	}
	return found[m.rand.IntN(len(found))]
}

func isKey(tokens []string, i int) bool {
	return tokens[i][0] == '"' && i+1 < len(tokens) && tokens[i+1] == ":"
}

func isValue(tokens []string, i int) bool {
	return !strings.Contains("{}[]:,", tokens[i][:1]) && !isKey(tokens, i)
}

// memberEnd is where the member whose key is at i ends.
func memberEnd(tokens []string, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i] {
		case "{", "[":
			depth++
		case "}", "]":
			if depth--; depth < 0 {
				return i
			}
		case ",":
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// tokenize takes a body apart. It loses white space between tokens and nothing
// else, whatever the body is.
func tokenize(body string) []string {
	var tokens []string
	for i := 0; i < len(body); {
		start := i
		switch c := body[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case strings.IndexByte("{}[]:,", c) >= 0:
			i++
		case c == '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
			i = min(i+1, len(body))
		default:
			for i < len(body) && strings.IndexByte(" \t\r\n{}[]:,\"", body[i]) < 0 {
				i++
			}
		}
		tokens = append(tokens, body[start:i])
	}
	return tokens
}

func TestTheMutatorLosesNothing(t *testing.T) {
	for _, e := range readExchanges(t, keptExchanges) {
		body := string(e.body(t))
		plain := strings.NewReplacer(" ", "", "\n", "", "\t", "", "\r", "").Replace
		if got := strings.Join(tokenize(body), ""); plain(got) != plain(body) {
			t.Errorf("%s: %q became %q", e.key(), body, got)
		}
	}
}
