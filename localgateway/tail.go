package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// tail prints events as they come, until ctx ends.
func tail(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("localgateway tail", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", defaultAddr, "the local gateway's `host:port`, or the address that it prints")
	recent := flags.Int("n", 10, "show so many older events first; 500 at most")
	var filter live.Filter
	flags.StringVar(&filter.Type, "type", "", "only events of this `type`; * matches anything")
	flags.StringVar(&filter.User, "user", "", "only those of this `user`")
	flags.StringVar(&filter.App, "app", "", "only those of this `app`")
	flags.StringVar(&filter.Text, "text", "", "only those that contain this `text`")
	flags.StringVar(&filter.Outcome, "outcome", "", "only `one of` stored, duplicate, rejected, refused")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("tail takes flags only, not %q", flags.Arg(0))
	}
	t := &tailer{
		now:    time.Now,
		url:    "http://" + strings.TrimSuffix(strings.TrimPrefix(*addr, "http://"), "/") + "/_local/watch?" + filter.Query().Encode(),
		recent: max(0, *recent),
		out:    stdout,
		errors: stderr,
		colour: inColour(stdout),
	}
	return t.run(ctx)
}

// inColour says whether to write colours: to a terminal, unless somebody asked
// for none (no-color.org).
func inColour(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type tailer struct {
	url    string
	recent int // how many of the first message's events to show; -1: all
	out    io.Writer
	errors io.Writer
	colour bool
	now    func() time.Time
	lastID string // of the last message that was shown, to go on after the stream broke
	up     bool   // the stream is there

	// After a restart the gateway lists what its file holds. All up to the stored
	// event that was shown last has been shown.
	shown     place
	restarted bool // and what is listed next may have been shown
	skipped   int  // events left out since
}

// place finds an event again in another run of the gateway.
type place struct {
	id   string
	time int64
}

// run reads the stream, and again when it breaks: gateways are restarted. Only
// one that was never there is an error.
func (t *tailer) run(ctx context.Context) error {
	for {
		err := t.read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case t.lastID == "" || errors.As(err, new(*refusal)):
			return err
		case t.up:
			t.up = false
			fmt.Fprintln(t.errors, "localgateway: the gateway is gone; waiting for it to come back")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// refusal is an answer that is no stream.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func (t *tailer) read(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return &refusal{fmt.Sprintf("-addr is no host:port: %v", err)}
	}
	req.Header.Set("Last-Event-ID", t.lastID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no local gateway there (%w); \"go run -C localgateway .\" starts one", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return &refusal{fmt.Sprintf("the local gateway answered %s: %s", resp.Status, strings.TrimSpace(string(text)))}
	}
	lines := bufio.NewReader(resp.Body)
	var id, event, data string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data = value
		case "": // the message is whole
			if data == "" {
				continue // only a sign of life
			}
			t.note(id)
			t.show(event, []byte(data))
			t.lastID, data = id, ""
		}
	}
}

// note sees a restart of the gateway by the id of its messages.
func (t *tailer) note(id string) {
	before, _, _ := strings.Cut(t.lastID, "-")
	run, _, _ := strings.Cut(id, "-")
	if t.up = true; before != "" && run != before {
		t.restarted, t.skipped = true, 0
		fmt.Fprintln(t.out, t.paint(faint, "… the gateway was restarted"))
	}
}

func (t *tailer) show(event string, data []byte) {
	var message struct {
		Records []live.Record `json:"records"`
		Missed  int           `json:"missed"`
	}
	if json.Unmarshal(data, &message) != nil {
		return
	}
	switch event {
	case "records":
		t.showRecords(message.Records)
	case "missed":
		fmt.Fprintln(t.out, t.paint(faint, fmt.Sprintf("… %d more, too many to show", message.Missed)))
	case "reset":
		fmt.Fprintln(t.out, t.paint(faint, "… the gateway was reset"))
	}
	t.recent = -1 // only the first message has older events
}

func (t *tailer) showRecords(records []live.Record) {
	list := records
	if t.restarted {
		list = t.unseen(list)
	}
	if t.recent >= 0 && len(list) > t.recent {
		list = list[len(list)-t.recent:]
	}
	for i := 0; i < len(list); {
		r := &list[i]
		text, same := t.text(r), 1
		for r.Outcome == live.Refused && i+same < len(list) && t.text(&list[i+same]) == text {
			same++
		}
		if same > 1 {
			text += fmt.Sprintf("  (%d times)", same)
		}
		fmt.Fprintln(t.out, t.clock(r)+"  "+text)
		i += same
	}
	for i := range records {
		if r := &records[i]; r.Outcome == live.Stored && !t.restarted {
			t.shown = place{r.ID, r.Time}
		}
	}
}

// unseen leaves out what was shown before the gateway was restarted. What it has
// read from its file comes first, in several messages if it is much.
func (t *tailer) unseen(records []live.Record) []live.Record {
	fresh := slices.IndexFunc(records, func(r live.Record) bool { return !r.Loaded })
	if fresh < 0 {
		fresh = len(records)
	}
	for i := fresh - 1; i >= 0; i-- {
		if (place{records[i].ID, records[i].Time}) == t.shown {
			t.restarted = false
			return records[i+1:]
		}
	}
	if t.shown == (place{}) { // there was nothing to show
		t.restarted = false
		return records
	}
	if t.skipped += fresh; fresh < len(records) {
		t.restarted = false
		if t.skipped > 0 {
			fmt.Fprintln(t.out, t.paint(faint, fmt.Sprintf("… the gateway's file holds %d older events; the last one shown here is not among them, so some may be new", t.skipped)))
		}
	}
	return records[fresh:]
}

const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	yellow = "33"
	cyan   = "36"
)

func (t *tailer) paint(style, text string) string {
	if !t.colour || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// text is one event or one refused request, without its time.
func (t *tailer) text(r *live.Record) string {
	if r.Outcome == live.Refused {
		status := "no answer"
		if r.Status != 0 {
			status = strconv.Itoa(r.Status)
		}
		words := []string{t.paint(red, "refused "+status)}
		if r.Events > 0 {
			words = append(words, eventCount(r.Events))
		}
		for _, list := range [][]string{r.Names, r.Apps} {
			if len(list) > 0 {
				words = append(words, t.paint(faint, printable(strings.Join(list, ", "))))
			}
		}
		words = append(words, printable(r.Reason))
		if r.Bad != nil {
			words = append(words, t.paint(faint, fmt.Sprintf("(line %d of the body)", r.Bad.Line)))
		}
		return strings.Join(words, "  ")
	}
	name := t.paint(bold, printable(r.Type))
	if r.Category != "custom" && r.Category != "" {
		name = t.paint(faint, r.Category+"/") + name
	}
	words := []string{name}
	switch r.Outcome {
	case live.Duplicate:
		words = append(words, t.paint(yellow, "duplicate"))
	case live.Rejected:
		words = append(words, t.paint(red, "rejected: "+printable(r.Reason)))
	}
	words = append(words, t.paint(faint, printable(r.App)))
	if r.User != "" {
		words = append(words, t.paint(cyan, printable(r.User)))
	}
	for _, p := range r.Glance {
		words = append(words, t.paint(faint, printable(p[0])+"=")+printable(p[1]))
	}
	return strings.Join(words, "  ")
}

func eventCount(n int) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}

// clock is an event's time, with the date if that is not today. A time after the
// year 9999 is shown as it was sent, after the time of arrival.
func (t *tailer) clock(r *live.Record) string {
	if r.Time <= 0 {
		return t.when(r.At)
	}
	if time.UnixMilli(r.Time).Year() > 9999 {
		return t.when(r.At) + t.paint(yellow, fmt.Sprintf(" timestamp_ms=%d?", r.Time))
	}
	return t.when(r.Time)
}

func (t *tailer) when(ms int64) string {
	at, now := time.UnixMilli(ms), t.now()
	if at.Year() != now.Year() || at.YearDay() != now.YearDay() {
		return at.Format("2006-01-02 15:04:05.000")
	}
	return at.Format("15:04:05.000")
}

// printable keeps what events carry from moving the terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Zs, r):
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
