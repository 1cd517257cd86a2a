package reply

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Bodies are as the gateway was seen to send them.
func TestReadJudgesEveryStatus(t *testing.T) {
	const parse = `{"violations":[{"field":"body", "description":"failed to parse request body: could not unmarshal request JSON: proto: `
	tests := []struct {
		status  int
		body    string
		verdict Verdict
		line    int
	}{
		{400, parse + `(line 3:227): unknown field \"nope\""}]}`, Refused, 1},
		{400, parse + "\u00a0(line 2:223): invalid value for int64 field value: 1.5\"}]}", Refused, 0},
		{400, parse + `syntax error (line 12:1): unexpected token"}]}`, Refused, -1}, // there are ten events
		{400, `{"violations":[{"field":"events.app_id", "description":"value length must be at least 1 characters"}]}`, Refused, -1},
		{400, `{"violations":[{"field":"events", "description":"value must contain at least 1 item(s)"}]}`, Refused, -1},
		{400, `{"violations":[{"field":"events", "description":"value must contain no more than 1000 item(s)"}]}`, TooMany, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: http: request body too large"}]}`, TooLarge, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: unexpected EOF"}]}`, Again, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: read tcp: i/o timeout"}]}`, Again, -1},
		{400, "", Refused, -1},
		{422, "no", Refused, -1},
		{401, `{"error":"missing API key"}`, Denied, -1},
		{403, "", Denied, -1}, {404, "404 page not found\n", Denied, -1}, {405, "Method Not Allowed\n", Denied, -1},
		{307, "", Denied, -1}, {204, "", Again, -1}, {202, "{}", Again, -1}, {101, "", Denied, -1}, {409, "", Denied, -1},
		{408, "", Again, -1}, {429, "Too Many Requests\n", Again, -1},
		{413, "", TooLarge, -1},
		{500, `{"message":"batch exceeds maximum event count"}`, TooMany, -1},
		{500, `{"message":"boom"}`, Again, -1},
		{502, "<html>", Again, -1}, {503, "", Again, -1}, {504, "", Again, -1}, {599, "", Again, -1},
	}
	for _, tt := range tests {
		out := Read(tt.status, http.Header{}, []byte(tt.body), 10)
		if out.Verdict != tt.verdict || out.Line != tt.line {
			t.Errorf("%d %s\nverdict %d, line %d, want %d, %d", tt.status, tt.body, out.Verdict, out.Line, tt.verdict, tt.line)
		}
	}
}

func TestNamedEvent(t *testing.T) {
	tests := []struct {
		message string
		want    int
	}{
		{"proto: (line 3:4): no", 1},
		{"proto:\u00a0(line 3:4): no", 1},
		{"syntax error (line 2:198): no", 0},
		{"(line 6:1)", 4},
		{"(line 7:1)", -1}, // beyond the five events
		{"(line 1:14)", -1},
		{"(line 0:0)", -1},
		{"(line -3:1)", -1},
		{"(line 99999999999999999999:1)", -1},
		{"(line x:1)", -1},
		{"(line ", -1},
		{"line 3:4", -1},
		{"", -1},
		{`(line 3:4): duplicate map key "(line 5:1)"`, 1},
	}
	for _, tt := range tests {
		if got := namedEvent(tt.message, 5); got != tt.want {
			t.Errorf("%q names event %d, want %d", tt.message, got, tt.want)
		}
	}
}

func TestReadReply(t *testing.T) {
	forNow, forGood := "failed to publish event: nats: timeout", "timestamp_ms is required and must be > 0"
	tests := []struct {
		name    string
		body    string
		verdict Verdict
		want    []Rejection
	}{
		{"all accepted", `{"acceptedCount":2, "results":[{"eventId":"a", "status":"accepted"}, {"index":1, "eventId":"b", "status":"accepted"}]}`, Accepted, nil},
		{"all accepted, without spaces", `{"acceptedCount":2,"results":[{"eventId":"a","status":"accepted"},{"index":1,"status":"accepted"}]}`, Accepted, nil},
		{"all accepted, in another order", `{"results":[{"status":"accepted"},{"index":1,"status":"accepted"}],"acceptedCount":2}` + "\n", Accepted, nil},
		{"all accepted, no results", `{"acceptedCount":2}`, Accepted, nil},
		{"the first rejected, whose index is absent", `{"acceptedCount":1,"rejectedCount":1,"results":[{"status":"rejected","error":"` + forGood + `"},{"index":1,"status":"accepted"}]}`,
			Accepted, []Rejection{{0, forGood, false}}},
		{"all rejected, for now and for good", `{"rejectedCount":2,"results":[{"status":"rejected","error":"` + forNow + `"},{"index":1,"status":"rejected","error":"` + forGood + `"}]}`,
			Accepted, []Rejection{{0, forNow, true}, {1, forGood, false}}},
		{"one accepted that says rejected in its id", `{"acceptedCount":2,"results":[{"eventId":"rejected","status":"accepted"},{"index":1,"status":"accepted"}]}`, Accepted, nil},
		{"unknown fields", `{"acceptedCount":2,"warnings":["x"],"results":[{"status":"accepted","seq":7},{"index":1,"status":"accepted"}]}`, Accepted, nil},
		{"more accepted than sent", `{"acceptedCount":3}`, Again, nil},
		{"fewer", `{"acceptedCount":1,"results":[{"status":"accepted"}]}`, Again, nil},
		{"counts that cancel out", `{"acceptedCount":3,"rejectedCount":-1}`, Again, nil},
		{"a count that is no number", `{"acceptedCount":"2"}`, Again, nil},
		{"cut off", `{"acceptedCount":2, "results":[{"eventId":"a", "status":"accepted"}, {"index":1, "eventId":"b", "status":"accepted"}]`, Again, nil},
		{"something after it", `{"acceptedCount":2} {"acceptedCount":2}`, Again, nil},
		{"a list", `[]`, Again, nil},
		{"null", `null`, Again, nil},
		{"text", `OK`, Again, nil},
		{"nothing", ``, Again, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := readResults([]byte(tt.body), 2)
			if out.Verdict != tt.verdict || !reflect.DeepEqual(out.Rejections, tt.want) || out.Unknown != (tt.verdict == Again) {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		header   string
		min, max time.Duration
	}{
		{"", 0, 0}, {"0", 0, 0}, {"5", 5, 5}, {"60", 60, 60}, {"61", 60, 60}, {"86400", 60, 60},
		{"9223372036854775807", 60, 60}, {"99999999999999999999999", 60, 60},
		{"-1", 0, 0}, {"-99999999999999999999999", 0, 0}, {"1.5", 1, 2}, {"0.25", 0, 1}, {"1e9", 60, 60}, {"NaN", 0, 0}, {"soon", 0, 0}, {"5s", 0, 0},
		{date(20 * time.Second), 18, 20}, {date(-time.Hour), 0, 0}, {date(240 * time.Hour), 60, 60}, {"Mon, 32 Foo 2026", 0, 0},
	}
	for _, tt := range tests {
		got := retryAfter(http.Header{"Retry-After": {tt.header}})
		if got < tt.min*time.Second || got > tt.max*time.Second {
			t.Errorf("Retry-After: %s is %v, want %d to %d s", tt.header, got, tt.min, tt.max)
		}
	}
}

// A gateway can put a hundred thousand violations into a reply. To join them all would copy the words as often.
func TestManyViolationsCostNoMoreThanAFew(t *testing.T) {
	body := []byte(`{"violations":[` + strings.Repeat("{},", 20_000) + `{}]}`)
	if allocs := testing.AllocsPerRun(1, func() { message(body) }); allocs > 2000 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestEveryAcceptedIsCounted(t *testing.T) {
	// Of these pieces every text is nearly a reply.
	pieces := []string{`"accepted"`, `"accepted`, `accepted"`, `"acce`, "p", "ppppp", `"`, `,"status":`, `"acceptedCount":2,`, "attempted"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var body []byte
		for range random.IntN(12) {
			body = append(body, pieces[random.IntN(len(pieces))]...)
		}
		if got, want := acceptedStatus.Count(body), bytes.Count(body, []byte(`"accepted"`)); got != want {
			t.Fatalf("%d in %s, want %d", got, body, want)
		}
	}
}
