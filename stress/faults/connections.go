package faults

import (
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

const (
	saysFailed  = "events cannot be delivered; they are kept and tried again"
	saysUnknown = "a request ended without a clear answer"
	saysResumed = "events are delivered again"
)

func connections() []*Fault {
	paused := Want{Flush: fails, Says: []string{saysFailed, saysResumed}}
	return []*Fault{
		{
			Name: "connections are refused for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: noDial(aWhile, errRefused),
			Want:  paused.saying("connection refused"),
		},
		{
			Name: "the gateway's name is not known for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: noDial(aWhile, errNoHost),
			Want:  paused.saying("no such host"),
		},
		{
			Name: "its certificate is not trusted for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: func(g *Gateway) Script {
				g.useTLS(aWhile)
				return func(int, time.Duration) Act { return Accept }
			},
			Want: paused.saying("certificate signed by unknown authority"),
		},
		{
			Name: "requests are read and never answered for 60 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, Silence(nothing())),
			Want:  Want{Flush: fails, SaidBy: 11 * time.Second, Uncertain: true, Says: []string{"did not answer in time", saysUnknown, saysResumed}},
		},
		{
			Name: "requests are not read for 60 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, Deaf(time.Minute)),
			Want:  Want{Flush: fails, SaidBy: 11 * time.Second, Uncertain: true, Says: []string{"did not answer in time", saysUnknown, saysResumed}},
		},
		{
			Name: "connections end before the body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUp),
			Want:  unsure,
		},
		{
			Name: "connections end before the body, 20 times", Events: someEvents, PerSecond: perSecond,
			Setup: first(20, HangUp),
			Want:  Want{Flush: fails, Uncertain: true, Errors: 20, Says: []string{saysFailed, saysUnknown}},
		},
		{
			Name: "connections end inside the body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpInside),
			Want:  unsure,
		},
		{
			Name: "connections end after the body, 3 times, with nothing stored", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpAfter(nothing())),
			Want:  unsure,
		},
		{
			Name: "connections end after the body, 3 times, with all stored", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpAfter(fakegateway.Accept())),
			Want:  unsure.doubling(150),
		},
		{
			Name: "every other request is broken for 30 s", Events: someEvents, PerSecond: perSecond,
			Setup: func(*Gateway) Script {
				return func(n int, at time.Duration) Act {
					if n%2 == 0 && at < 30*time.Second {
						return HangUpInside
					}
					return Accept
				}
			},
			Want: Want{Uncertain: true, Flush: either},
		},
	}
}

// unsure is what a few requests without a clear answer come to: all is stored, and
// nobody has to wait for long.
var unsure = Want{Uncertain: true, Errors: 3, Says: []string{saysFailed, saysUnknown}}

// doubling returns w with so many events that are stored twice, at most.
func (w Want) doubling(events int) Want {
	w.Doubled, w.SomeDouble = events, true
	return w
}

// saying returns w with one more thing that the log must say.
func (w Want) saying(fragment string) Want {
	w.Says = append(w.Says[:len(w.Says):len(w.Says)], fragment)
	return w
}
