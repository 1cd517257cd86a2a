package live

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Filter chooses records. An empty field chooses all. Type, User and App are
// compared as a whole; * in them matches anything. Type is the event's type in
// the warehouse, with or without its category (user/login), or the payload that
// was sent (user_login).
type Filter struct {
	Type, User, App string
	Text            string // is somewhere in what was sent, or in the reason
	Outcome         string // one of the outcomes
}

// Query writes a filter as the API reads it.
func (f Filter) Query() url.Values {
	q := make(url.Values)
	for name, value := range map[string]string{"type": f.Type, "user": f.User, "app": f.App, "text": f.Text, "outcome": f.Outcome} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func filterOf(q url.Values) (Filter, error) {
	f := Filter{Type: q.Get("type"), User: q.Get("user"), App: q.Get("app"), Text: q.Get("text"), Outcome: q.Get("outcome")}
	if f.Outcome != "" && !slices.Contains([]string{Stored, Duplicate, Rejected, Refused}, f.Outcome) {
		return f, fmt.Errorf("outcome is %q; it may be %s, %s, %s or %s", f.Outcome, Stored, Duplicate, Rejected, Refused)
	}
	return f, nil
}

// numberOf reads a number of a query; an absent one is fallback.
func numberOf(q url.Values, name string, fallback uint64) (uint64, error) {
	text := q.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s is %q; it must be a number", name, text)
	}
	return n, nil
}

func (f Filter) matches(r *Record) bool {
	return (f.Outcome == "" || f.Outcome == r.Outcome) &&
		matches(f.User, r.User) && f.matchesType(r) &&
		(matches(f.App, r.App) || slices.ContainsFunc(r.Apps, func(app string) bool { return matches(f.App, app) })) &&
		(f.Text == "" || r.contains(f.Text))
}

func (f Filter) matchesType(r *Record) bool {
	return matches(f.Type, r.Type) || r.Category != "" && matches(f.Type, r.Category+"/"+r.Type) ||
		r.Payload != "" && matches(f.Type, r.Payload) ||
		slices.ContainsFunc(r.Names, func(name string) bool { return matches(f.Type, name) })
}

// matches compares without regard to case.
func matches(pattern, value string) bool {
	if pattern == "" {
		return true
	}
	pattern, value = strings.ToLower(pattern), strings.ToLower(value)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == value
	}
	if !strings.HasPrefix(value, parts[0]) {
		return false
	}
	value = value[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(value, part)
		if !found {
			return false
		}
		value = after
	}
	return strings.HasSuffix(value, parts[len(parts)-1])
}

// contains looks for a text in what was sent, also where a row was loaded from
// a table and that is not known.
func (r *Record) contains(text string) bool {
	text = strings.ToLower(text)
	in := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if in(r.Type) || in(r.Reason) || in(string(r.Event)) || in(r.Key) || in(r.ID) {
		return true
	}
	if r.Event == nil && r.Row != nil {
		for _, value := range r.Row {
			if s, ok := value.(string); ok && in(s) {
				return true
			}
		}
	}
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return in(l.Text) })
}
