package conformance

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// removal takes one rule out of the SDK's source.
type removal struct {
	rule     string
	file     string
	old, new string
}

// removals are the rules that make an event one which the gateway takes, or
// that keep its values. The text must stand in its file exactly once.
var removals = []removal{
	{"bad UTF-8 in a string or key is mended", "core/json.go", "b = utf8.AppendRune(b, utf8.RuneError)", "b = append(b, c)"},
	{"bad UTF-8 in a key is mended", "core/json.go", "{ return appendEscaped(b, s, '.') }",
		"{\n\tstart := len(b)\n\tb = appendEscaped(b, s, '.')\n\tfor i := start; i+2 < len(b); i++ {\n\t\tif string(b[i:i+3]) == \"\\uFFFD\" {\n\t\t\tb[i] = 0xff\n\t\t}\n\t}\n\treturn b\n}"},
	{"each byte of bad UTF-8 is one U+FFFD", "core/json.go", "r != utf8.RuneError || size > 1", "r != utf8.RuneError || size >= 1"},
	{"a quote and a backslash are escaped", "core/json.go", `b = append(b, '\\', c)`, "b = append(b, c)"},
	{"a quote is not safe", "core/json.go", `table[c] = c != '"' && c != '\\'`, `table[c] = c != '\\'`},
	{"a backslash is not safe", "core/json.go", `table[c] = c != '"' && c != '\\'`, `table[c] = c != '"'`},
	{"a line feed is escaped", "core/json.go", `b = append(b, '\\', 'n')`, `b = append(b, '\n')`},
	{"a tab is escaped", "core/json.go", `b = append(b, '\\', 't')`, `b = append(b, '\t')`},
	{"a carriage return is escaped", "core/json.go", `b = append(b, '\\', 'r')`, `b = append(b, '\r')`},
	{"control characters are escaped", "core/json.go", `b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])`, "b = append(b, c)"},
	{"a dot in a key is _", "core/json.go", "b = append(b, '_')", "b = append(b, '.')"},
	{"a dot in a group's name is _", "core/envelope.go", "e.prefix = append(appendKey(e.prefix, name), '_')", "e.prefix = append(appendEscaped(e.prefix, name, '\"'), '_')"},
	{"floats keep their digits", "core/json.go", "return strconv.AppendFloat(b, f, format, -1, 64)", "return strconv.AppendFloat(b, f, format, 15, 64)"},

	{"control characters in the type are _", "core/envelope.go", "if unicode.IsControl(r) {", "if false {"},
	{"DEL in the type is _", "core/envelope.go", "const del = 0x7f", "const del = '\"'"},
	{"bad UTF-8 in the type is mended", "core/envelope.go", "if !utf8.ValidString(eventType) || strings", "if !utf8.ValidString(\"\") || strings"},
	{"the type is cut at 256 bytes", "core/envelope.go", "return cutAtRune(eventType, maxEventTypeBytes)", "return eventType"},
	{"the type is cut at a rune", "core/event.go", "for n > 0 && !utf8.RuneStart(s[n]) {", "for n > 0 && !utf8.RuneStart(0) {"},
	{"a custom event's type is mended at all", "core/envelope.go", "return appendString(b, cleanEventType(eventType))", "return appendString(b, eventType)"},

	{"of equal keys one stays", "core/property.go", "e.props[old].isDead, e.gaps = true, true", "_ = e.gaps"},
	{"equal keys leave a trace", "core/property.go", "e.seen |= mark", "_ = mark"},
	{"of equal keys the last stays", "core/property.go", "e.props[old].isDead, e.gaps = true, true", "e.gaps = true\n\t\treturn"},
	{"equal keys are found in the table", "core/property.go", "for at := hash & mask; e.table[at] >= 0; at = (at + 1) & mask {", "for at := hash & mask; false; at = (at + 1) & mask {"},
	{"the table follows the last of equal keys", "core/property.go", "e.table[e.slot(p.hash, int32(old))] = int32(n - 1)", "_ = old"},
	{"a map's keys are taken in order", "core/envelope.go", "return strings.Compare(a.key, b.key)", "return strings.Compare(b.key, a.key)"},
	{"a property called user_id is renamed", "core/property.go", `return ev.UserID != ""`, "return false"},
	{"a property called session_id is renamed", "core/property.go", `return ev.SessionID != ""`, "return false"},
	{"a property called like the server context is renamed", "core/property.go",
		"case `\"_server_hostname\":`, `\"_server_go_version\":`, `\"_server_sdk_version\":`:\n\t\treturn true", "case `\"_server\":`:\n\t\treturn true"},
	{"a property is renamed to a free name", "core/property.go", "if e.find(p.hash, arena[start:]) < 0 {", "if true {"},

	{"a uint64 beyond int64 is a string", "core/property.go", "u > math.MaxInt64 {", "u > math.MaxUint64-1 {"},
	{"NaN and the infinities are strings", "core/property.go", "if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {", "if f := v.Float64(); f == 0.123456 {"},
	{"NaN is a string", "core/property.go", "if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {", "if f := v.Float64(); math.IsInf(f, 0) {"},
	{"infinity is a string", "core/property.go", "if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {", "if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 1) {"},
	{"nil is left out", "core/envelope.go", "} // else nil, which is left out", "} else {\n\t\t\te.scalar(key, slog.StringValue(\"<nil>\"), slog.KindString)\n\t\t}"},
	{"a typed nil is left out", "internal/value/value.go", "\tif isNil(v) {\n\t\treturn slog.Value{}\n\t}\n\tswitch v := v.(type) {\n\tcase error:", "\tswitch v := v.(type) {\n\tcase error:"},
	{"a panic costs its value alone", "internal/value/value.go", `plain = slog.StringValue("!PANIC: " + panicText(p))`, "panic(p)"},
	{"a map that contains itself ends", "internal/value/value.go", "if slices.Contains(r.maps, address) {", "if false {"},
	{"groups nest to a limit", "core/envelope.go", "if depth >= value.MaxDepth {", "if depth >= 9*value.MaxDepth {"},
	{"a duration is milliseconds", "core/property.go", "float64(v.Duration())/float64(time.Millisecond))", "float64(v.Duration()))"},
	{"a time is in UTC", "core/property.go", "v.Time().UTC().AppendFormat(", "v.Time().AppendFormat("},
	{"an integer of JSON is one", "internal/value/json.go", "return slog.Int64Value(n)", "return slog.Float64Value(float64(n))"},
	{"a number beyond float64 is its text", "internal/value/json.go", "return slog.Float64Value(f)\n\t\t}\n\t\treturn slog.StringValue(text)", "return slog.Float64Value(f)\n\t\t}\n\t\treturn slog.Value{}"},

	{"a time of 0 or less is now", "core/causality.go", "event.TimestampMs = time.Now().UnixMilli()", "_ = time.Now"},
	{"a time before 1970 is now", "core/causality.go", "if event.TimestampMs <= 0 {", "if event.TimestampMs == 0 {"},
	{"no device is the host's name", "core/causality.go", "event.DeviceID = c.envelope.deviceID", "_ = event"},
	{"no AppID is the Config's", "core/causality.go", "event.AppID = c.envelope.appID", "_ = event"},
	{"a time after the year 9999 is Invalid", "core/envelope.go", "return errTooLate", "_ = errTooLate"},
	{"no type is Invalid", "core/envelope.go", "return errNoEventType", "_ = errNoEventType"},
	{"a bad AppID is Invalid", "core/envelope.go", "return errBadAppID", "_ = errBadAppID"},
	{"a long AppID is Invalid", "core/event.go", `if s == "" || len(s) > 256 {`, `if s == "" {`},
	{"an event over 1 000 000 bytes is Invalid", "core/envelope.go", "if len(e.buf) > maxEventBytes {", "if false {"},
	{"a huge property ends the encoding", "core/envelope.go", "\tif e.tooLarge {\n\t\treturn errTooLarge\n\t}\n\ttyped :=", "\ttyped :="},
	{"every event has a key of its own", "core/envelope.go", "newKey().put(b[keyAt:])", "uuidBits{}.put(b[keyAt:])"},
	{"one event a line", "core/body.go", `separator = ",\n"`, `separator = ", "`},

	{"typed: a required field must be there", "core/typed.go", "if !ok || f.required && !found {", "if !ok {"},
	{"typed: a required field must not be empty", "core/typed.go", `!f.required || inside != ""`, "true"},
	{"typed: an int32 has its range", "core/typed.go", "n < math.MinInt32 || n > math.MaxInt32", "false"},
	{"typed: an int is whole", "core/typed.go", "f != math.Trunc(f) || ", ""},
	{"typed: an int64 has its range", "core/typed.go", " || f < math.MinInt64 || f >= math.MaxInt64", ""},
	{"typed: a float is of 32 bits", "core/typed.go", "!(math.Abs(n) <= math.MaxFloat32)", "math.IsNaN(n)"},
	{"typed: a float is finite", "core/typed.go", "!(math.Abs(n) <= math.MaxFloat32)", "math.Abs(n) > math.MaxFloat32"},
	{"typed: a bool is true or false", "core/typed.go", `if inside != "true" && inside != "false" {`, "if false {"},
	{"typed: an enum's name has its prefix", "core/typed.go", "return e.prefix + name, true", "return name, true"},
	{"typed: an enum's number is in range", "core/typed.go", "n >= 0 && n < int64(len(e.names))", "n >= 0 && n < int64(len(e.names)) || n > 0"},
	{"typed: an unknown enum does not fit", "core/typed.go", `return "", false`, "return e.prefix + text, true"},
	{"typed: a duration is no enum", "core/typed.go", "ok && !isDuration", "ok"},
	{"typed: null in a list does not fit", "core/typed.go", "default:\n\t\treturn b, false\n\t}\n\tplain, form, kind := represent(plain, plain.Kind())", "}\n\tplain, form, kind := represent(plain, plain.Kind())"},
	{"typed: a list holds objects", "core/typed.go", "if members, isObject := element.(map[string]any); isObject {", "if members, _ := element.(map[string]any); true {"},
	{"typed: a plain value is not members", "core/typed.go", "return b, any, false // a plain value stands where members should", "_ = p"},
	{"typed: what is unused is left out", "core/typed.go", "b = b[:mark]", "_ = mark"},
	{"typed: the fields are the messages'", "core/payload.go", `i64("step_duration_ms")`, `i64("step_duration")`},
	{"typed: a field has its kind", "core/payload.go", `i32("battery_level")`, `i64("battery_level")`},
	{"typed: what is required is the messages'", "core/payload.go", `needed("button_id")`, `text("button_id")`},
	{"typed: only what is required is", "core/payload.go", `{text("element_id"), text("screen_name"), point("coordinates")}`, `{needed("element_id"), text("screen_name"), point("coordinates")}`},
	{"typed: every field is there", "core/payload.go", `, text("deeplink_url")`, ""},
	{"typed: every value of an enum is there", "core/payload.go", `"LOW", "CRITICAL"`, `"LOW"`},
	{"typed: every kind is there", "core/payload.go", `	EventBatteryChange:     {i32("battery_level"), oneOf("state", "BATTERY_STATE_", "CHARGING", "DISCHARGING", "FULL")},` + "\n", ""},
}

const (
	removeVariable = "CAUSALITY_CONFORMANCE_REMOVE"
	// removeEvents is enough for the random events to find most of them too.
	removeEvents = "3000"
)

// TestEveryRuleIsNeeded removes each rule from a copy of the module and holds
// that the tests of this one then fail. It takes some minutes, so it runs by
// hand: with "all", or with what the names of some rules begin with.
//
//	CAUSALITY_CONFORMANCE_REMOVE=all go test -run TestEveryRuleIsNeeded -v -timeout 2h .
func TestEveryRuleIsNeeded(t *testing.T) {
	wish := os.Getenv(removeVariable)
	if wish == "" {
		t.Skip("skipped: it runs for minutes; set " + removeVariable)
	}
	root := t.TempDir()
	copyModule(t, "..", root)
	if failed, output := runConformance(t, root); failed != nil {
		t.Fatalf("with every rule in its place %v fail:\n%s", failed, output)
	}
	for _, r := range removals {
		if wish != "all" && !strings.HasPrefix(r.rule, wish) {
			continue
		}
		t.Run(r.rule, func(t *testing.T) {
			file := filepath.Join(root, r.file)
			whole := mutate(t, file, r)
			defer func() {
				if err := os.WriteFile(file, whole, 0o600); err != nil {
					t.Fatal(err)
				}
			}()
			failed, output := runConformance(t, root)
			switch {
			case failed == nil:
				t.Error("no test fails without it")
			case len(failed) == 0:
				t.Errorf("without it there is no test result:\n%s", output)
			default:
				t.Logf("without it fail: %s", strings.Join(failed, ", "))
			}
		})
	}
}

// mutate removes a rule from a file and returns what was in it.
func mutate(t *testing.T, file string, r removal) []byte {
	t.Helper()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(whole), r.old); n != 1 {
		t.Fatalf("%s has this text %d times, want once: %s", r.file, n, r.old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(whole), r.old, r.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return whole
}

// copyModule copies the Go module and this one, without its history.
func copyModule(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// runConformance runs the quick tests of the SDK in a copy. It returns nil when
// all pass, else the tests that fail; those of a table are named one by one.
func runConformance(t *testing.T, root string) (failed []string, output string) {
	t.Helper()
	cmd := exec.Command("go", "test", "-count=1", "-timeout=2m",
		"-run=^(TestTheGateway|TestEachRule|TestAnEventThat|TestTheLargest|TestEveryEvent|TestEveryField|TestTheRequired|TestNoField|TestTheConstants|Fuzz.*IsAccepted)", ".")
	cmd.Dir = filepath.Join(root, "conformance")
	cmd.Env = append(os.Environ(), eventsVariable+"="+removeEvents, removeVariable+"=")
	text, err := cmd.CombinedOutput()
	if err == nil {
		return nil, ""
	}
	failed = []string{}
	for _, m := range failedTest.FindAllSubmatch(text, -1) {
		name, _, _ := strings.Cut(string(m[1]), "/seed#")
		failed = append(failed, name)
	}
	slices.Sort(failed)
	failed = slices.Compact(failed)
	// A table's own line says no more than those of its rows.
	failed = slices.DeleteFunc(failed, func(name string) bool {
		return slices.ContainsFunc(failed, func(other string) bool { return strings.HasPrefix(other, name+"/") })
	})
	switch {
	case strings.Contains(string(text), "panic: test timed out"):
		failed = append(failed, "(a hang)")
	case strings.Contains(string(text), "\npanic: "):
		failed = append(failed, "(a panic)")
	}
	return failed, fmt.Sprintf("%.3000s", text)
}
