package faults

import (
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

const (
	saysPaused  = "events cannot be delivered; they are kept and tried again"
	saysResumed = "events are delivered again"
)

func connections() []*Fault {
	paused := Want{Flush: fails, Says: []string{saysPaused, saysResumed}}
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
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{"did not answer in time", saysResumed}},
		},
		{
			Name: "requests are not read for 60 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, Deaf(time.Minute)),
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{"did not answer in time", saysResumed}},
		},
		{
			Name: "connections end before the body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUp),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "connections end before the body, 20 times", Events: someEvents, PerSecond: perSecond,
			Setup: first(20, HangUp),
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{saysPaused}},
		},
		{
			Name: "connections end inside the body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpInside),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "connections end after the body, 3 times, with nothing stored", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpAfter(nothing())),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "connections end after the body, 3 times, with all stored", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, HangUpAfter(fakegateway.Accept())),
			Want:  Want{Uncertain: true, Quiet: true},
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
			Want: Want{Uncertain: true},
		},
	}
}

// saying returns w with one more thing that the log must say.
func (w Want) saying(fragment string) Want {
	w.Says = append(w.Says[:len(w.Says):len(w.Says)], fragment)
	return w
}
