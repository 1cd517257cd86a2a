package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// The outcomes of an event, and Refused of a whole request.
const (
	Stored    = "stored"
	Duplicate = "duplicate" // answered as accepted, and not stored: its key was seen before
	Rejected  = "rejected"  // alone, in a request that was otherwise taken
	Refused   = "refused"
)

// Record is one event and what became of it, or one request that was refused
// as a whole. It is not changed once it is in the journal.
type Record struct {
	Seq     uint64 `json:"seq"` // counts up from 1
	Outcome string `json:"outcome"`
	At      int64  `json:"at_ms"`             // when it came
	Request uint64 `json:"request,omitempty"` // events of one request share it
	Reason  string `json:"reason,omitempty"`  // why it was not taken, in the gateway's words
	Loaded  bool   `json:"loaded,omitempty"`  // it was read from the table

	// Of an event.
	Time        int64       `json:"timestamp_ms,omitempty"`
	Category    string      `json:"event_category,omitempty"`
	Type        string      `json:"event_type,omitempty"`
	App         string      `json:"app_id,omitempty"`
	Device      string      `json:"device_id,omitempty"`
	User        string      `json:"user_id,omitempty"`
	Session     string      `json:"session_id,omitempty"`
	Correlation string      `json:"correlation_id,omitempty"`
	ID          string      `json:"id,omitempty"`
	Key         string      `json:"idempotency_key,omitempty"`
	Glance      [][2]string `json:"glance,omitempty"` // the properties, cut short
	First       *First      `json:"first,omitempty"`  // of a duplicate

	// Of a typed payload: its name as sent, which the warehouse may shorten.
	Payload string `json:"payload,omitempty"`

	// Of a refused request.
	Status int      `json:"status,omitempty"` // 0: it got no answer
	Path   string   `json:"path,omitempty"`
	Events int      `json:"events,omitempty"` // in its body, as far as it can be read
	Apps   []string `json:"apps,omitempty"`   // of these events, at most maxNames
	Names  []string `json:"names,omitempty"`  // likewise
	Bytes  int      `json:"bytes,omitempty"`  // of its body
	Fault  string   `json:"fault,omitempty"`  // the fault that refused it
	Bad    *Bad     `json:"bad,omitempty"`    // what is wrong in its body

	detail
	body []byte // of a refused request, until the journal takes it
}

// First is the record whose key a duplicate has.
type First struct {
	Seq     uint64 `json:"seq"`
	Outcome string `json:"outcome"`
}

// maxNames is how many apps and event names of a refused request are listed.
const maxNames = 5

// maxBriefText is how much of a name or id a list shows. The gateway's own names
// have at most 256 bytes.
const maxBriefText = 300

// brief is a record for a list: without details, and nothing in it is long.
func (r *Record) brief() Record {
	b := *r
	b.detail, b.body = detail{}, nil
	for _, text := range []*string{&b.Type, &b.App, &b.Device, &b.User, &b.Session, &b.Correlation, &b.ID, &b.Key} {
		*text = cut(*text, maxBriefText)
	}
	return b
}

// detail is what only a look at one record needs.
type detail struct {
	Event json.RawMessage `json:"event,omitempty"` // as it was sent
	Row   row             `json:"row,omitempty"`   // as the warehouse keeps it; nil if it does not
	SQL   string          `json:"sql,omitempty"`
	Lines []Line          `json:"lines,omitempty"` // of a refused body
}

// row has a value for each of gateway.Columns.
type row []any

// MarshalJSON keeps the order of the columns.
func (r row) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, value := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", gateway.Columns[i].Name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// columnIndex finds a column in a row.
var columnIndex = func() map[string]int {
	index := make(map[string]int)
	for i, column := range gateway.Columns {
		index[column.Name] = i
	}
	return index
}()

func (r row) text(column string) string {
	text, _ := r[columnIndex[column]].(string)
	return text
}

func (r row) number(column string) int64 {
	n, _ := r[columnIndex[column]].(int64)
	return n
}

// size is about what a row takes in memory.
func (r row) size() int {
	n := 0
	for _, value := range r {
		if text, ok := value.(string); ok {
			n += len(text)
		}
		n += 16
	}
	return n
}

// recordOfRow reads an event's fields from its row, so that what was loaded from
// a table and what has just come look alike.
func recordOfRow(r row) *Record {
	rec := &Record{
		Time:        r.number("timestamp_ms"),
		Category:    r.text("event_category"),
		Type:        r.text("event_type"),
		App:         r.text("app_id"),
		Device:      r.text("device_id"),
		Correlation: r.text("correlation_id"),
		ID:          r.text("id"),
	}
	props := properties(rec.Category, r.text("payload_json"))
	rec.Glance = make([][2]string, 0, min(len(props), maxGlance))
	for _, p := range props {
		switch {
		case p.name == "user_id" && rec.User == "":
			rec.User = p.value
		case p.name == "session_id" && rec.Session == "":
			rec.Session = p.value
		case strings.HasPrefix(p.name, "_server_"):
		case len(rec.Glance) < maxGlance:
			rec.Glance = append(rec.Glance, [2]string{cut(p.name, maxGlanceText), cut(p.value, maxGlanceText)})
		}
	}
	rec.Payload = gateway.PayloadOf(rec.Category, rec.Type)
	rec.Row, rec.SQL = r, findSQL(r, props, inSQLite)
	return rec
}

// A list shows so many properties of an event, each so long.
const maxGlance, maxGlanceText = 16, 120

// property is one of an event's, with its path in payload_json.
type property struct {
	group, name, value string
	isText             bool
}

// properties lists what a payload holds: of a custom event its four maps, of
// any other its fields.
func properties(category, payload string) []property {
	var list []property
	fields := members(json.RawMessage(payload))
	for _, field := range fields {
		if category == "custom" {
			if group, ok := strings.CutSuffix(field.name, "_params"); ok && group != "" {
				for _, p := range members(field.raw) {
					list = append(list, p.property(field.name))
				}
			}
			continue
		}
		list = append(list, field.property(""))
	}
	return list
}

type member struct {
	name string
	raw  json.RawMessage
}

func (m member) property(group string) property {
	p := property{group: group, name: m.name, value: string(m.raw)}
	p.isText = json.Unmarshal(m.raw, &p.value) == nil
	return p
}

// members are an object's, in their order.
func members(object json.RawMessage) []member {
	var list []member
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return list
		}
		m := member{}
		m.name, _ = name.(string)
		if dec.Decode(&m.raw) != nil {
			return list
		}
		list = append(list, m)
	}
	return list
}

// cut shortens a text at a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// dialect is what differs between the file of -db and the warehouse. The table
// is called events in both.
type dialect struct{ first, extract string }

var (
	inSQLite    = dialect{"", "json_extract"}
	inWarehouse = dialect{"use hive.causality;\n\n", "json_extract_scalar"}
)

// findSQL is how to find an event: by what partitions the warehouse, then its
// id; and how to find others by one of its properties.
func findSQL(r row, props []property, d dialect) string {
	if r.number("timestamp_ms") <= 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(d.first)
	fmt.Fprintf(&b, "-- This event, by its hour (UTC) and id.\nselect * from events\nwhere app_id = %s\n", quote(r.text("app_id")))
	fmt.Fprintf(&b, "  and year = %d and month = %d and day = %d and hour = %d\n",
		r.number("year"), r.number("month"), r.number("day"), r.number("hour"))
	fmt.Fprintf(&b, "  and id = %s;\n", quote(r.text("id")))

	at := slices.IndexFunc(props, func(p property) bool {
		return p.isText && len(p.value) <= 200 && !strings.HasPrefix(p.name, "_server_") && !strings.ContainsAny(p.name, `"\`)
	})
	fmt.Fprintf(&b, "\n-- Others like it.\nselect timestamp_ms, device_id, payload_json from events\nwhere event_category = %s and event_type = %s\n",
		quote(r.text("event_category")), quote(r.text("event_type")))
	if at >= 0 {
		fmt.Fprintf(&b, "  and %s(payload_json, %s) = %s\n", d.extract, quote(jsonPath(props[at])), quote(props[at].value))
	}
	b.WriteString("order by timestamp_ms desc limit 100;\n")
	return b.String()
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func jsonPath(p property) string {
	if p.group == "" {
		return `$."` + p.name + `"`
	}
	return "$." + p.group + `."` + p.name + `"`
}

// size is about what a record takes in memory.
func (r *Record) size() int {
	n := 1024 + len(r.Event) + len(r.SQL) + len(r.Reason) + len(r.Key) + r.Row.size()
	for _, name := range slices.Concat(r.Apps, r.Names) {
		n += 16 + len(name)
	}
	for _, p := range r.Glance {
		n += 32 + len(p[0]) + len(p[1])
	}
	for _, line := range r.Lines {
		n += 64 + len(line.Text)
	}
	return n
}
