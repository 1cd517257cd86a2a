package causality

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// maxSearch is how many requests a batch may cost to find its bad events;
	// after that they wait behind fresh ones.
	maxSearch = 128
	// maxAccused is how many events may be named before another is sent alone, to
	// tell whether the gateway would name every event.
	maxAccused = 4
	// takenRecently is how long a 200 vouches for the gateway: the first event
	// that it refuses alone after that is itself to blame.
	takenRecently = 10 * time.Minute
	// soleRefusals is how often Close sends an event that nothing vouches for, if
	// it is the only one.
	soleRefusals = 3
)

// accused is an event that the gateway named as bad. Whether it is to blame
// depends on what becomes of the others.
type accused struct {
	*batch
	err error
}

// search finds the bad events of a refused batch.
func (d *delivery) search(ctx context.Context, bt *batch, out outcome) []*batch {
	takesOthers := d.takesOthers(bt)
	switch {
	case bt.len() == 1:
		return d.refusedAlone(bt, out, d.refusals == 0 && len(d.accused) == 0 && d.b.ledger.hasTakenSince(time.Now().Add(-takenRecently)))
	case out.line >= 0:
		return d.named(ctx, bt, out, takesOthers)
	case takesOthers:
		return searchHalves(bt)
	}
	return d.sound(ctx, bt, out, 0, bt.len()/2, bt.len()-1)
}

// searchHalves are the halves of a batch that has a bad event: where the gateway
// takes the first, the second has it.
func searchHalves(bt *batch) []*batch {
	work := halves(bt)
	work[0].sibling = work[1]
	return work
}

// takesOthers reports whether the gateway took others in this delivery, or since
// it refused bt before: then some of bt are bad.
func (d *delivery) takesOthers(bt *batch) bool {
	return d.took || !bt.refusedAt.IsZero() && d.b.ledger.hasTakenSince(bt.refusedAt)
}

// named goes on without the event that the gateway named.
func (d *delivery) named(ctx context.Context, bt *batch, out outcome, takesOthers bool) []*batch {
	rest := bt.subset(func(i int) bool { return i != out.line })
	if takesOthers {
		d.reject(bt, out.line, out.err)
		return []*batch{rest}
	}
	one := bt.subset(func(i int) bool { return i == out.line })
	d.accused = append(d.accused, accused{one, out.err})
	if len(d.accused) < maxAccused || rest.len() == 1 {
		return []*batch{rest}
	}
	return d.sound(ctx, rest, out, rest.len()-1)
}

// judge rejects the accused, unless the gateway took nothing else either.
func (d *delivery) judge() {
	for _, a := range d.accused {
		if d.took || d.res.err == nil {
			d.reject(a.batch, 0, a.err)
		} else {
			a.refusedAt = time.Now() // the others are to be probed first
			d.res.kept = append(d.res.kept, a.batch)
		}
	}
}

// refusedAlone settles the fate of an event that was sent alone: it is to blame
// only where something vouches for the gateway, which tookRecently does for one.
func (d *delivery) refusedAlone(bt *batch, out outcome, tookRecently bool) []*batch {
	sole := d.b.ledger.queued() == 1 && d.refusals >= soleRefusals && d.b.queue.isClosed.Load()
	if d.takesOthers(bt) || sole || tookRecently && d.b.ledger.rejectOnTrust() {
		d.reject(bt, 0, out.err)
		return nil
	}
	return d.refusesAll(bt, out.err)
}

// refusesAll keeps a batch that the gateway refuses like everything else.
func (d *delivery) refusesAll(bt *batch, err error) []*batch {
	bt.refusedAt = time.Now()
	d.res.err = fmt.Errorf("the gateway refuses every event it is sent; is the Endpoint the right gateway, and its version the right one? %w", err)
	d.res.tookNone, d.res.refusals = true, d.refusals+1
	return []*batch{bt}
}

// sound sends some events alone, to tell a gateway that refuses everything from a
// batch with some bad events.
func (d *delivery) sound(ctx context.Context, bt *batch, out outcome, events ...int) []*batch {
	var refusedOnes []int
	settled := map[int]bool{}
	for _, i := range events {
		if settled[i] {
			continue // a batch of two has no middle
		}
		one := bt.subset(func(j int) bool { return j == i })
		d.sent++
		switch single := d.b.transport.sendBatch(ctx, one, d.retries); single.verdict {
		case accepted:
			settled[i] = true
			if again := d.settle(ctx, one, single); again != nil {
				d.res.kept = append(d.res.kept, again...)
			}
		case refused:
			settled[i] = true
			refusedOnes = append(refusedOnes, i)
		default:
			d.res.err = single.err
			one.failedAt = time.Now()
			work := []*batch{one} // it may have a new key by now
			if rest := bt.subset(func(j int) bool { return j != i && !settled[j] || slices.Contains(refusedOnes, j) }); rest != nil {
				work = append(work, rest)
			}
			return work
		}
	}
	if len(refusedOnes) == len(settled) {
		return d.refusesAll(bt, out.err)
	}
	for _, i := range refusedOnes {
		d.reject(bt, i, out.err)
	}
	rest := bt.subset(func(i int) bool { return !settled[i] })
	switch {
	case rest == nil:
		return nil
	case out.line >= 0:
		return []*batch{rest} // it will name the next one
	case len(refusedOnes) == 0 && rest.len() > 1:
		return searchHalves(rest)
	}
	return halves(rest)
}
