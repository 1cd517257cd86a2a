package causality

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// encoded returns a text that is used as an encoded event of this size or more.
func encoded(n, size int) string {
	head := fmt.Sprintf(`{"id":"%036d","idempotency_key":"%036d","n":`, n, n)
	return head + strings.Repeat("1", max(size-len(head)-1, 1)) + "}"
}

func push(q *queue, event string) {
	if why, ok := q.push([]byte(event), nil); !ok {
		panic(why)
	}
}

// contents reads a batch back, from its body and from its ends.
func contents(t *testing.T, bt *batch) []string {
	t.Helper()
	body := string(bt.body)
	if !strings.HasPrefix(body, bodyHead) || !strings.HasSuffix(body, bodyTail) {
		t.Fatalf("body %.40q … %q", body, body[max(0, len(body)-10):])
	}
	events := strings.Split(body[len(bodyHead):len(body)-len(bodyTail)], separator)
	if len(events) != bt.len() {
		t.Fatalf("%d events in the body, %d marks", len(events), bt.len())
	}
	for i, event := range events {
		if got := string(bt.event(i)); got != event {
			t.Fatalf("event %d is %q by its mark, %q in the body", i, got, event)
		}
	}
	return events
}

// The queue is compared with a slice, whatever is pushed and popped.
func TestTheQueueKeepsOrderAndBytes(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		q := newQueue(1 << 30)
		var model []string
		var spare *batch
		for step := range 300 {
			if rnd.IntN(3) > 0 {
				size := 100 + rnd.IntN(600)
				switch rnd.IntN(40) {
				case 0:
					size = chunkBytes + rnd.IntN(3) - 3 // about a chunk
				case 1:
					size = 2 * chunkBytes
				}
				event := encoded(step, size)
				push(q, event)
				model = append(model, event)
				continue
			}
			n, limit := 1+rnd.IntN(60), 1+rnd.IntN(100_000)
			bt := q.take(n, limit, spare)
			if bt == nil {
				if len(model) > 0 {
					t.Fatalf("seed %d: nothing of %d events", seed, len(model))
				}
				continue
			}
			got := contents(t, bt)
			if !slices.Equal(got, model[:len(got)]) {
				t.Fatalf("seed %d, step %d: other events", seed, step)
			}
			size := 0
			for _, event := range got {
				size += len(event) + len(separator)
			}
			if len(got) > n || len(got) > 1 && size > limit {
				t.Fatalf("seed %d: %d events of %d bytes, at most %d of %d", seed, len(got), size, n, limit)
			}
			if more := len(got); more < n && more < len(model) && size+len(model[more])+len(separator) <= limit {
				t.Fatalf("seed %d: one more would have fitted", seed)
			}
			model, spare = model[len(got):], bt
			waitingBytes := 0
			for _, event := range model {
				waitingBytes += len(event) + len(separator)
			}
			if events, bytes := q.waiting(); events != len(model) || bytes != int64(waitingBytes) {
				t.Fatalf("seed %d: %d events of %d bytes wait, want %d of %d", seed, events, bytes, len(model), waitingBytes)
			}
		}
	}
}

// What one goroutine pushes while another takes arrives in order.
func TestTheQueueIsPushedToWhileItIsTakenFrom(t *testing.T) {
	q := newQueue(1 << 30)
	const events = 50_000
	go func() {
		for n := range events {
			push(q, encoded(n, 1))
		}
	}()
	for n := 0; n < events; {
		bt := q.take(100, 1<<20, nil)
		if bt == nil {
			runtime.Gosched()
			continue
		}
		for _, event := range contents(t, bt) {
			if event != encoded(n, 1) {
				t.Fatalf("%s instead of event %d", event, n)
			}
			n++
		}
	}
}

// An event goes on in the next chunk, so the memory of large ones is theirs alone.
func TestLargeEventsLeaveNoMemoryOver(t *testing.T) {
	q := newQueue(32 << 20)
	size := 22 << 10
	events := 0
	for {
		if _, ok := q.push([]byte(encoded(events, size)), nil); !ok {
			break
		}
		events++
	}
	memory := 0
	for c := q.head.chunk; c != nil; c = c.next {
		memory += chunkBytes
	}
	if held := int(q.held()); memory > held+chunkBytes+lengthBytes*events {
		t.Errorf("%d events of %d bytes take %d", events, held, memory)
	}
}

func TestAnEmptyQueueUsesItsLastChunkAgain(t *testing.T) {
	q := newQueue(1 << 30)
	for n := range 1000 {
		push(q, encoded(n, 500))
	}
	for q.take(100, 1<<20, nil) != nil {
	}
	if q.head.chunk != q.tail || q.head.at != 0 || q.tailLen != 0 {
		t.Errorf("the queue is empty, and its next event goes to %d of %d", q.head.at, q.tailLen)
	}
}

func TestWakeUps(t *testing.T) {
	q := newQueue(1 << 30)
	woken := func() bool {
		select {
		case <-q.wake:
			return true
		default:
			return false
		}
	}
	push(q, encoded(0, 100))
	if !woken() {
		t.Error("the first event woke nobody")
	}
	q.wakeWhen(3, 1<<20)
	push(q, encoded(1, 100))
	if woken() {
		t.Error("the second of three events woke flushLoop")
	}
	push(q, encoded(2, 100))
	push(q, encoded(3, 100))
	if !woken() || woken() {
		t.Error("the third event did not wake flushLoop once")
	}
	q.wakeWhen(100, 5_000)
	push(q, encoded(4, 5_000))
	if !woken() {
		t.Error("an event as large as asked for woke nobody")
	}
	q.wakeWhen(5, 1<<20)
	if !woken() {
		t.Error("five events wait, and flushLoop sleeps until there are five")
	}
	q.sleep()
	push(q, encoded(5, 100))
	if woken() {
		t.Error("an event woke flushLoop while nothing could be done")
	}
}

// ten returns a batch of ten events whose first is the 100th of the queue.
func ten() *batch {
	q := newQueue(1 << 30)
	q.popped = 100
	q.pushed = 100
	for n := range 10 {
		push(q, encoded(n, 100+n))
	}
	return q.take(10, 1<<20, nil)
}

func TestPartsOfABatch(t *testing.T) {
	all := contents(t, ten())
	for n := 1; n <= 10; n++ {
		first, rest := ten().split(n)
		got := contents(t, first)
		if rest != nil {
			got = append(got, contents(t, rest)...)
			if rest.first() != 100+uint64(n) {
				t.Errorf("the rest after %d begins at %d", n, rest.first())
			}
		}
		if !slices.Equal(got, all) || first.len() != n || first.first() != 100 {
			t.Errorf("split at %d: %d events from %d", n, first.len(), first.first())
		}
	}
	bt := ten()
	bt.uncertain, bt.resends, bt.request = true, 3, 7
	odd := bt.subset(func(i int) bool { return i%2 == 1 })
	if got := contents(t, odd); !slices.Equal(got, []string{all[1], all[3], all[5], all[7], all[9]}) {
		t.Errorf("%q", got)
	}
	if !odd.uncertain || odd.resends != 3 || odd.request != 7 || odd.first() != 101 {
		t.Errorf("%+v", odd)
	}
	if bt.subset(func(int) bool { return false }) != nil {
		t.Error("no events make a batch")
	}
}

func TestRekeyChangesTheKeysAlone(t *testing.T) {
	bt := ten()
	text := string(bt.body)
	bt.rekey()
	before, after := strings.Split(text, "\n"), bytes.Split(bt.body, []byte("\n"))
	keys := map[string]bool{}
	const keyHead = `"idempotency_key":"`
	at := strings.Index(before[1], keyHead) + len(keyHead)
	for i := range before {
		if i == 0 || i == len(before)-1 {
			continue
		}
		line := string(after[i])
		key := line[at : at+36]
		if keys[key] || strings.Contains(before[i], key) {
			t.Errorf("line %d has the key %s again", i, key)
		}
		keys[key] = true
		if line[:at] != before[i][:at] || line[at+36:] != before[i][at+36:] {
			t.Errorf("line %d is %s", i, line)
		}
	}
}
