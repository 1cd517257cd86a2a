package conformance

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
)

// How many events TestTheGatewayTakesEveryEvent makes in all, and of which seed.
//
//	CAUSALITY_CONFORMANCE_EVENTS=1000000 go test -run TestTheGatewayTakesEveryEvent -v -timeout 2h .
const (
	eventsVariable = "CAUSALITY_CONFORMANCE_EVENTS"
	seedVariable   = "CAUSALITY_CONFORMANCE_SEED"
)

// TestTheGatewayTakesEveryEvent makes events of all that a user may log, by way
// of Track and of each logger, and holds that the gateway refuses none and
// stores, value for value, what the documentation says.
func TestTheGatewayTakesEveryEvent(t *testing.T) {
	events := fromEnv(t, eventsVariable, 60_000)
	if testing.Short() {
		events /= 10
	}
	seed := fromEnv(t, seedVariable, 1)
	for number, name := range slices.Sorted(maps.Keys(sources)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			run := uint64(seed)<<8 | uint64(number)
			for n := range events / len(sources) {
				d := seededDice(run, uint64(n))
				if err := sources[name](l, d); err != nil {
					l.settle()
					report(t, name, d.thrown, err)
				}
				if n%100 != 99 {
					continue
				}
				for _, f := range l.settle() {
					report(t, name, f.input, f.problem)
				}
				if t.Failed() {
					return
				}
			}
			for _, f := range l.settle() {
				report(t, name, f.input, f.problem)
			}
			all := counted{invalid: make(map[string]int)}
			for _, b := range l {
				if err := b.check(); err != nil && !t.Failed() {
					t.Error(err)
				}
				all.add(b.counts)
			}
			t.Logf("%d logged: %d delivered, %d of them typed, 0 refused; %d are no events; dropped are %v",
				all.logged, all.delivered, all.typed, all.noEvent, all.invalid)
		})
	}
}

func fromEnv(t *testing.T, name string, unset int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return unset
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// report says what is wrong with an event, and of the shortest input that has a
// problem too.
func report(t *testing.T, source string, input []byte, problem error) {
	t.Helper()
	t.Errorf("%v", problem)
	if input == nil {
		return
	}
	l := newLab(t)
	fails := func(input []byte) error { return l.replay(sources[source], input) }
	if fails(input) == nil {
		t.Logf("it cannot be repeated from %q", input)
		return
	}
	for size := max(1, len(input)/2); size > 0; size /= 2 {
		for at := 0; at+size <= len(input); {
			shorter := slices.Concat(input[:at], input[at+size:])
			if fails(shorter) != nil {
				input = shorter
			} else {
				at += size
			}
		}
	}
	t.Logf("repeat it with []byte(%q):\n\t%v", input, fails(input))
}

// replay makes the one event that input describes.
func (l lab) replay(source play, input []byte) error {
	err := source(l, diceOf(input))
	for _, f := range l.settle() {
		if err == nil {
			err = f.problem
		}
	}
	return err
}
