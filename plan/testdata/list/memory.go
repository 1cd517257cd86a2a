package list

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// What functions are given pointers to.

var (
	region  = "eu"
	common  = map[string]any{"app": "shop"}
	byKind  = map[int]string{1: "kind_one", 2: "kind_two"}
	numbers = [...]string{"number_one", "number_two"}
)

type settings struct {
	Name  string
	label string
}

func (s *settings) rename(label string) { s.label = label }

func appendTo(attrs *[]slog.Attr, key string) { *attrs = append(*attrs, slog.Int(key, 1)) }

func set(name *string) { *name = "set_by_a_function" }

func fill(e *causality.Event) {
	e.EventType = "filled_by_a_function"
	e.Properties = map[string]any{"n": 1}
}

func pointers(ctx context.Context, l *slog.Logger, c *causality.Client, data []byte) {
	flag.StringVar(&region, "region", "eu", "")
	l.Info("a", "event", region) //= eu //? assigned by flag.StringVar
	var local string
	flag.StringVar(&local, "local", "", "")
	l.Info("a", "event", local) //? assigned by flag.StringVar
	var scanned string
	_, _ = fmt.Sscan("x", &scanned)
	l.Info("a", "event", scanned) //? assigned by fmt.Sscan

	attrs := []slog.Attr{slog.String("event", "appended_by_a_function")}
	appendTo(&attrs, "n")
	appendTo(&attrs, "m")
	l.LogAttrs(ctx, slog.LevelInfo, "a", attrs...) //= appended_by_a_function n=int m=int
	name := "before"
	set(&name)
	l.Info("a", "event", name) //= set_by_a_function

	var e causality.Event
	fill(&e)
	c.Track(e) //= filled_by_a_function n?=int
	var read causality.Event
	_ = json.Unmarshal(data, &read)
	c.Track(read) //? assigned by json.Unmarshal
	var s settings
	_ = json.Unmarshal(data, &s)
	l.Info("a", "event", s.Name) //? assigned by json.Unmarshal
	s = settings{label: "a_label"}
	l.Info("a", "event", s.label) //= a_label
	s.rename("another_label")
	l.Info("a", "event", s.label) //= a_label //= another_label
	c.Track(causality.Event{})    //? it is dropped
}

// Members of maps and fields are assigned where they are.
func members(l *slog.Logger, c *causality.Client, data []byte, kind int) {
	e := causality.Event{EventType: "a_member", Properties: map[string]any{"a": 1}}
	e.Properties["b"] = "x"
	c.Track(e) //= a_member a=int b=string
	p := &causality.Event{EventType: "a_member_through_a_pointer", Properties: map[string]any{"a": 1}}
	p.Properties["b"] = "x"
	maps.Copy(p.Properties, map[string]any{"c": true})
	c.Track(*p) //= a_member_through_a_pointer a=int b=string c=bool
	in := struct {
		causality.Event
		n int
	}{causality.Event{EventType: "a_field_of_a_field"}, 1}
	in.Properties = map[string]any{"a": 1}
	c.Track(in.Event) //= a_field_of_a_field a=int
	common["later"] = 1.5
	c.Track(causality.Event{EventType: "a_variable", Properties: common}) //= a_variable app=string later?=float
	var props map[string]any
	_ = json.Unmarshal(data, &props)
	c.Track(causality.Event{EventType: "a_map_that_is_read", Properties: props}) //= a_map_that_is_read //? assigned by json.Unmarshal
	c.Track(set1("by_a_value").with("a", 1).event())                             //= by_a_value a=int

	l.Info("a", "event", byKind[kind])  //= kind_one //= kind_two
	l.Info("a", "event", numbers[kind]) //= number_one //= number_two
	for _, n := range [...]string{"of_an_array_one", "of_an_array_two"} {
		l.Info("a", "event", n) //= of_an_array_one //= of_an_array_two
	}
	for k, v := range maps.All(map[string]any{"n": 1}) {
		l.Info("a", "event", "in_a_function_range", k, v) //= in_a_function_range //? a key is not known
	}
	page := "home"
	l.Info("a", "event", fmt.Sprintf("%s_%v_viewed", page, byKind[1])) //= home_kind_one_viewed //= home_kind_two_viewed
	l.Info("a", "event", fmt.Sprintf("page_%d", kind))                 //? comes from fmt.Sprintf
	l.Info("a", "event", fmt.Sprintf("%s", kind, page))                //? comes from fmt.Sprintf
	l.Info("a", "event", fmt.Sprintf("100%%"))                         //= 100%
	names := make(chan string, 1)
	l.Info("a", "event", <-names) //? received from a channel
	l.Info("a", "event", "")      //? it is dropped
}

type setter struct {
	name  string
	props map[string]any
}

func set1(name string) setter { return setter{name, map[string]any{}} }

func (s setter) with(key string, v any) setter {
	s.props[key] = v
	return s
}

func (s setter) event() causality.Event {
	return causality.Event{EventType: s.name, Properties: s.props}
}

// A variable that a closure has too, in loops with more than one block.
func captured(l *slog.Logger, names chan string, stop func() bool) {
	f := func() { l.Info("a", "event", "in_the_closure") } //= in_the_closure
	for {
		select {
		case <-names:
			l.Info("a", "event", "in_the_loop") //= in_the_loop
		default:
			if stop() {
				f()
			}
		}
		if stop() {
			break
		}
	}
	l.Info("a", "event", "behind_the_loop") //= behind_the_loop
}

func sharedInALoop(ctx context.Context, c *causality.Client, stop func() bool) {
	batch := []causality.Event{{EventType: "first_of_a_batch"}}
	for i := range 3 {
		batch = append(batch, causality.Event{EventType: "next_of_a_batch", Properties: map[string]any{"i": i}})
	}
	func() { _ = c.Send(ctx, batch...) }() //= first_of_a_batch //= next_of_a_batch i=int
	e := causality.Event{EventType: "grown_in_a_loop"}
	for {
		e.Attrs = append(e.Attrs, slog.Int("n", 1))
		if stop() {
			break
		}
		e.Attrs = append(e.Attrs, slog.Bool("more", true))
	}
	c.Track(e) //= grown_in_a_loop n=int more?=bool
}
