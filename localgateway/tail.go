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
	flags.StringVar(&filter.Type, "type", "", "only events of this `type`; * stands for anything")
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
	lastID string // of the stream, to go on after it broke
	up     bool   // the stream is there
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
	var event string
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "id":
			t.lastID, t.up = value, true
		case "event":
			event = value
		case "data":
			t.show(event, []byte(value))
			t.recent = -1 // only the first message has older events
		}
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
		records := message.Records
		if t.recent >= 0 && len(records) > t.recent {
			records = records[len(records)-t.recent:]
		}
		for i := range records {
			fmt.Fprintln(t.out, t.line(&records[i]))
		}
	case "missed":
		fmt.Fprintln(t.out, t.paint(faint, fmt.Sprintf("… %d more, too many to show", message.Missed)))
	case "reset":
		fmt.Fprintln(t.out, t.paint(faint, "… the gateway was reset"))
	}
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

// line is one event or one refused request.
func (t *tailer) line(r *live.Record) string {
	if r.Outcome == live.Refused {
		status := "no answer"
		if r.Status != 0 {
			status = strconv.Itoa(r.Status)
		}
		text := clock(r.At) + "  " + t.paint(red, "refused "+status) + "  " + printable(r.Reason)
		if r.Bad != nil {
			text += t.paint(faint, fmt.Sprintf("  (line %d of the body)", r.Bad.Line))
		}
		return text
	}
	at := r.Time
	if at <= 0 {
		at = r.At
	}
	words := []string{clock(at), t.paint(bold, printable(r.Type))}
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

func clock(ms int64) string { return time.UnixMilli(ms).Format("15:04:05.000") }

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
