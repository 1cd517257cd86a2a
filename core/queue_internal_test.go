package causality

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// encoded returns what stands for an encoded event of this size or more.
func encoded(n, size int) string {
	head := fmt.Sprintf(`{"id":"%036d","idempotency_key":"%036d","n":`, n, n)
	return head + strings.Repeat("1", max(size-len(head)-1, 1)) + "}"
}

func push(q *queue, event string, lane uint32) {
	if _, ok := q.push([]byte(event), &lane, new(atomic.Bool)); !ok {
		panic("not queued")
	}
}

// pop takes n events as drain does.
func pop(q *queue, n, maxBytes int, settled *batch) *batch {
	events, bytes := q.measure(n, maxBytes)
	if events == 0 {
		return nil
	}
	bt := newBatch(events, bytes, settled)
	before := cap(bt.body)
	q.pop(bt, events)
	bt.seal()
	if cap(bt.body) != before {
		panic("the body grew")
	}
	return bt
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
		t.Fatalf("%d events in the body, %d ends", len(events), bt.len())
	}
	for i, event := range events {
		if got := body[bt.start(i):bt.ends[i]]; got != event {
			t.Fatalf("event %d is %q by its end, %q in the body", i, got, event)
		}
	}
	return events
}

// The queue is compared with a slice, whatever is pushed and popped.
func TestTheQueueKeepsOrderAndBytes(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		q := newQueue()
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
				push(q, event, rnd.Uint32())
				model = append(model, event)
				continue
			}
			n, limit := 1+rnd.IntN(60), 1+rnd.IntN(100_000)
			bt := pop(q, n, limit, spare)
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
			if q.size() != len(model) {
				t.Fatalf("seed %d: size is %d, want %d", seed, q.size(), len(model))
			}
		}
	}
}

// Whoever pushes into one lane and then into another is not seen in the second
// alone.
func TestTheQueueIsGatheredAtOneMoment(t *testing.T) {
	q := newQueue()
	const events = 50_000
	go func() {
		for n := range events {
			push(q, encoded(n, 1), uint32(n))
		}
	}()
	for n := 0; n < events; {
		bt := pop(q, 100, 1<<20, nil)
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

func TestAnEmptyQueueHoldsNoMemory(t *testing.T) {
	q := newQueue()
	for n := range 1000 {
		push(q, encoded(n, 500), uint32(n))
	}
	for pop(q, 100, 1<<20, nil) != nil {
	}
	for i := range q.lanes {
		if q.lanes[i].head != nil || q.lanes[i].tail != nil {
			t.Errorf("lane %d holds a chunk", i)
		}
	}
	if runs := q.runs[:cap(q.runs)]; slices.ContainsFunc(runs, func(r run) bool { return r.chunk != nil }) {
		t.Errorf("runs hold a chunk: %v", runs)
	}
}

// What a backlog took to be put in order is given back, too.
func TestAnIdleBatcherHoldsNothingOfItsBacklog(t *testing.T) {
	b := &batcher{cfg: new(Config), fresh: newQueue()}
	for n := range 1000 {
		push(b.fresh, encoded(n, 1), uint32(n)) // a run for each
	}
	for range 10 {
		bt := pop(b.fresh, 100, 1<<20, nil)
		b.settled += uint64(bt.len())
		b.reuse(result{batch: bt})
	}
	if got := cap(b.fresh.runs); got > 0 {
		t.Errorf("room for %d runs is kept", got)
	}
}

// An event of the very size of a chunk has one of its own, which is not taken for
// one of those that many share.
func TestAChunkForOneEventServesNoOthers(t *testing.T) {
	q := newQueue()
	for n := range 10 {
		push(q, encoded(n, chunkBytes-len(separator)), 0)
	}
	for pop(q, 10, 1<<20, nil) != nil {
	}
	for n := range 100 {
		push(q, encoded(n, 500), 0)
	}
	if first := q.lanes[0].head; first != q.lanes[0].tail {
		t.Errorf("the first chunk holds %d of 100 small events", len(first.marks))
	}
}

// ten returns a batch of ten events whose first is the 100th of the queue.
func ten() *batch {
	q := newQueue()
	for n := range 10 {
		push(q, encoded(n, 100+n), 0)
	}
	bt := pop(q, 10, 1<<20, nil)
	bt.seq = 100
	return bt
}

func TestPartsOfABatch(t *testing.T) {
	all := contents(t, ten())
	for n := 1; n <= 10; n++ {
		first, rest := ten().split(n)
		got := contents(t, first)
		if rest != nil {
			got = append(got, contents(t, rest)...)
			if rest.seq != 100+uint64(n) {
				t.Errorf("the rest after %d begins at %d", n, rest.seq)
			}
		}
		if !slices.Equal(got, all) || first.len() != n || first.seq != 100 {
			t.Errorf("split at %d: %d events from %d", n, first.len(), first.seq)
		}
	}
	bt := ten()
	bt.uncertain, bt.resends, bt.behind = true, 3, true
	odd := bt.subset(func(i int) bool { return i%2 == 1 })
	if got := contents(t, odd); !slices.Equal(got, []string{all[1], all[3], all[5], all[7], all[9]}) {
		t.Errorf("%q", got)
	}
	if !odd.uncertain || odd.resends != 3 || !odd.behind || odd.seq != 101 {
		t.Errorf("%+v", odd)
	}
	if bt.subset(func(int) bool { return false }) != nil {
		t.Error("no events make a batch")
	}
}

func TestRekeyChangesTheKeysAloneAndCopiesTheBody(t *testing.T) {
	bt := ten()
	old := bt.body
	text := string(old)
	bt.rekey()
	if string(old) != text {
		t.Error("the old body, which a request may be reading, has changed")
	}
	before, after := strings.Split(text, "\n"), bytes.Split(bt.body, []byte("\n"))
	keys := map[string]bool{}
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
