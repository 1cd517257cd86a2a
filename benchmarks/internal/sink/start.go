package sink

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

const variable = "CAUSALITY_BENCHMARKS_SINK"

// ServeIfChild makes this process the server if [Start] has started it as one. A
// main function, or TestMain, that uses Start calls it first.
func ServeIfChild() {
	if os.Getenv(variable) == "" {
		return
	}
	fmt.Fprintln(os.Stderr, serve())
	os.Exit(1)
}

// Sink is a running server.
type Sink struct {
	URL   string // for events
	tally string
}

// At returns the Sink that another process has started, by what String gives.
func At(urls string) *Sink {
	events, tally, _ := strings.Cut(strings.TrimSpace(urls), " ")
	return &Sink{events, tally}
}

func (s *Sink) String() string { return s.URL + " " + s.tally }

// Start starts this program once more, as the server. It ends with this process,
// or when stop is called.
func Start() (s *Sink, stop func(), err error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), variable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	urls, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("the server did not start: %w", err)
	}
	return At(urls), stop, nil
}

// Reset begins a new tally. Each answer waits for delay.
func (s *Sink) Reset(delay time.Duration) error {
	_, err := s.get("?reset&delay=" + delay.String())
	return err
}

// Tally tells what has arrived since Reset.
func (s *Sink) Tally() (Tally, error) { return s.get("") }

func (s *Sink) get(query string) (t Tally, err error) {
	resp, err := client.Get(s.tally + query)
	if err != nil {
		return t, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(text, &t)
}

var client = &http.Client{Timeout: 10 * time.Second}
