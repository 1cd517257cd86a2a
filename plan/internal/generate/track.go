package generate

import "fmt"

func (g *generator) track() {
	event := g.event()
	switch g.IntN(8) {
	case 0:
		v := g.variable()
		g.line(`%s := map[string]any{"a": %s}`, v, g.plain())
		g.line("if r.bit(%d) {\n\t\t%s[%s] = %s\n\t}", g.bit(), v, g.trackKey(), g.plain())
		g.within(fmt.Sprintf("r.client.Track(causality.Event{EventType: %s, Properties: %s})", event, v))
	case 1:
		v := g.variable()
		g.line("%s := causality.Event{EventType: %s}", v, event)
		g.line(`%s.Properties = map[string]any{%s: %s}`, v, g.trackKey(), g.plain())
		g.line("if r.bit(%d) {\n\t\t%s.UserID = r.text()\n\t}", g.bit(), v)
		g.within(fmt.Sprintf("r.client.Track(%s)", v))
	case 2:
		h := g.helper("(c *causality.Client, name string, props map[string]any)", "\tc.Track(causality.Event{EventType: name, Properties: props})")
		g.within(fmt.Sprintf(`%s(r.client, %s, map[string]any{"a": %s, "b": %s})`, h, event, g.plain(), g.plain()))
	case 3:
		h := g.helper("(c *causality.Client, e causality.Event)", "\tc.Track(e)")
		g.within(fmt.Sprintf(`%s(r.client, causality.Event{EventType: %s, Attrs: []slog.Attr{%s}})`, h, event, g.slogAttrs(1)))
	case 4:
		g.within(fmt.Sprintf(`_ = r.client.Send(r.ctx, causality.Event{EventType: %s, Properties: map[string]any{"a": %s}}, causality.Event{EventType: %s})`,
			event, g.plain(), g.event()))
	case 5:
		v, more := g.variable(), g.event()
		g.line(`%s := []causality.Event{{EventType: %s, Attrs: []slog.Attr{%s}}}`, v, event, g.slogAttrs(1))
		g.line("for i := range %d {", 1+g.IntN(3))
		g.line("	%s = append(%s, causality.Event{EventType: %s, Properties: map[string]any{\"i\": i}})", v, v, more)
		g.line("}")
		g.within(fmt.Sprintf("_ = r.client.Send(r.ctx, %s...)", v))
	default:
		g.within(fmt.Sprintf(`r.client.Track(causality.Event{EventType: %s, UserID: r.text(), Properties: map[string]any{"a": %s, "n": map[string]any{"b": %s}}, Attrs: []slog.Attr{%s}})`,
			event, g.plain(), g.plain(), g.slogAttrs(g.IntN(3))))
	}
}

// trackKey is a key that does not collide with the identity.
func (g *generator) trackKey() string {
	for {
		if k := g.key(); k != `"user_id"` && k[0] == '"' && len(k) < 10 {
			return k
		}
	}
}
