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
type Sink struct{ URL string }

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
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("the server did not start: %w", err)
	}
	return &Sink{strings.TrimSpace(url)}, stop, nil
}

// Reset begins a new tally. Each answer waits for delay.
func (s *Sink) Reset(delay time.Duration) error {
	_, err := s.get("/tally?reset&delay=" + delay.String())
	return err
}

// Tally tells what has arrived since Reset.
func (s *Sink) Tally() (Tally, error) { return s.get("/tally") }

func (s *Sink) get(path string) (t Tally, err error) {
	resp, err := client.Get(s.URL + path)
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

// client keeps no connection, which would count as one of the library's.
var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
