package zerologcausality_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// A differ compares what the adapters make of a line with what encoding/json
// reads in it.
type differ struct {
	line   bytes.Buffer
	events [][]string // the properties of each event, one "path=value" each
	hook   zerolog.Logger
	writer zerolog.Logger
}

func newDiffer(t testing.TB) *differ {
	d := &differ{}
	client, _ := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		// The event as the adapter gives it to the client, and no further.
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			d.events = append(d.events, flatten(nil, "", e.Attrs))
			return e, false
		}
	}))
	d.hook = zerolog.New(&d.line).Hook(zerologcausality.NewHook(client))
	d.writer = zerolog.New(zerolog.MultiLevelWriter(&d.line, zerologcausality.NewWriter(client)))
	return d
}

// check logs one line with each adapter. It returns false if the line is not JSON,
// in which case there is nothing to compare it with.
func (d *differ) check(t testing.TB, log func(l zerolog.Logger)) bool {
	t.Helper()
	for name, l := range map[string]zerolog.Logger{"hook": d.hook, "writer": d.writer} {
		d.line.Reset()
		d.events = d.events[:0]
		log(l)
		line := bytes.Clone(d.line.Bytes())
		want, err := readBack(line)
		if err != nil {
			return false
		}
		if len(d.events) != 1 {
			t.Fatalf("%s: %d events came of %s", name, len(d.events), line)
		}
		if got := d.events[0]; !slices.Equal(got, want) {
			t.Fatalf("%s: of the line %s\n got %q\nwant %q", name, line, got, want)
		}
	}
	return true
}

// logEvent logs an event with what log adds.
func logEvent(log func(e *zerolog.Event) *zerolog.Event) func(l zerolog.Logger) {
	return func(l zerolog.Logger) { log(l.Info().Str("event", "e")).Msg("done") }
}

// flatten lists attributes with their paths.
func flatten(list []string, path string, attrs []slog.Attr) []string {
	for _, a := range attrs {
		key := join(path, a.Key)
		switch v := a.Value; v.Kind() {
		case slog.KindGroup:
			list = flatten(list, key, v.Group())
		case slog.KindString:
			list = append(list, fmt.Sprintf("%s=%q", key, toValid(v.String())))
		case slog.KindAny:
			switch v := v.Any().(type) {
			case nil:
				list = append(list, key+"=null")
			case value.JSON:
				list = append(list, key+"="+toValid(string(v)))
			default:
				list = append(list, fmt.Sprintf("%s=%T", key, v))
			}
		default:
			list = append(list, fmt.Sprintf("%s=%v %v", key, v.Kind(), v))
		}
	}
	return list
}

// join leaves out empty names: a group without a name is none.
func join(path, key string) string {
	if path == "" || key == "" {
		return path + toValid(key)
	}
	return path + "/" + toValid(key)
}

// toValid puts U+FFFD for each byte that is not UTF-8, as encoding/json does and
// the client later.
func toValid(s string) string { return string([]rune(s)) }

// readBack lists the properties of a line as encoding/json reads them.
func readBack(line []byte) ([]string, error) {
	if !json.Valid(line) {
		return nil, fmt.Errorf("not JSON: %s", line)
	}
	keys, values, err := members(line)
	if err != nil || len(keys) < 3 || keys[0] != "level" || keys[len(keys)-1] != "message" {
		return nil, fmt.Errorf("not a line of logEvent: %s: %v", line, err)
	}
	var list []string
	for i := 1; i < len(keys)-1; i++ {
		if keys[i] == "event" && string(values[i]) == `"e"` {
			continue
		}
		if list, err = readValue(list, join("", keys[i]), values[i], 0); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// members reads an object in its order, which a map would lose.
func members(object []byte) (keys []string, values []json.RawMessage, err error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil { // the brace
		return nil, nil, err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, nil, err
		}
		keys, values = append(keys, key.(string)), append(values, v)
	}
	return keys, values, nil
}

func readValue(list []string, key string, text json.RawMessage, depth int) ([]string, error) {
	switch c := text[0]; {
	case c == '{' && depth < value.MaxDepth:
		keys, values, err := members(text)
		for i := range keys {
			if list, err = readValue(list, join(key, keys[i]), values[i], depth+1); err != nil {
				return nil, err
			}
		}
		return list, err
	case c == '{' || c == '[':
		var compact bytes.Buffer
		err := json.Compact(&compact, text)
		return append(list, key+"="+toValid(compact.String())), err
	case c == '"':
		var s string
		err := json.Unmarshal(text, &s)
		return append(list, fmt.Sprintf("%s=%q", key, s)), err
	case c == 't' || c == 'f':
		return append(list, key+"=Bool "+string(text)), nil
	case c == 'n':
		return append(list, key+"=null"), nil
	default:
		return append(list, key+"="+number(string(text))), nil
	}
}

// number is what a JSON number is worth: an integer where it is written as one
// and fits, else a float, else its text.
func number(text string) string {
	if strings.ContainsAny(text, ".eE") {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return "Float64 " + slog.Float64Value(f).String()
		}
		return strconv.Quote(text)
	}
	switch n, _ := new(big.Int).SetString(text, 10); {
	case n.IsInt64():
		return "Int64 " + n.String()
	case n.IsUint64():
		return "Uint64 " + n.String()
	default:
		return strconv.Quote(text)
	}
}
