package faults

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

func statuses() []*Fault {
	// The 503 that the peers were measured with.
	faults := []*Fault{{
		Name: "503 for 10 s, at 1000 events a second", Events: 10_000, PerSecond: 1000,
		Setup: during(10*time.Second, Status(503)),
		Want:  Want{},
	}}
	for _, code := range []int{408, 500, 502, 503, 504, 507, 599} {
		want := Want{Flush: fails, Says: []string{saysFailed, saysResumed, fmt.Sprintf("gateway answered %d", code)}}
		switch code {
		case 408, 502, 504, 599: // a proxy may say so while the gateway works on
			want.Uncertain = true
			want = want.saying(saysUnknown)
		}
		faults = append(faults, &Fault{
			Name: forAWhile(code), Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Status(code)),
			Want:  want,
		})
	}
	for _, denial := range []struct {
		code   int
		advice string
	}{
		{401, "check APIKey; the gateway also says this while its database is down"},
		{402, ""},
		{403, "check APIKey"},
		{404, "check Endpoint"},
		{405, "check Endpoint"},
		{418, ""},
	} {
		code := denial.code
		faults = append(faults, &Fault{
			Name: forAWhile(code), Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Status(code)),
			Want:  Want{Flush: fails, Requests: 100, Says: []string{saysFailed, saysResumed, fmt.Sprintf("gateway answered %d", code), denial.advice}},
		})
	}
	for _, code := range []int{301, 302, 307, 308} {
		elsewhere := fakegateway.Reply(code, http.Header{"Location": {"https://elsewhere.test/v1/events/batch"}}, "")
		faults = append(faults, &Fault{
			Name: forAWhile(code) + ", to another host", Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Answer(elsewhere)),
			Want:  Want{Flush: fails, Requests: 100, Says: []string{saysFailed, saysResumed, "redirects are not followed"}},
		})
	}
	return append(faults, &Fault{
		Name: "403 for 15 s, with words that a terminal obeys", Events: someEvents, PerSecond: perSecond,
		Setup: during(aWhile, Answer(fakegateway.Reply(403, nil, "no\r\nlevel=ERROR\x1b[2J\u009b\u202e"))),
		Want:  Want{Flush: fails, Says: []string{saysFailed, saysResumed, "gateway answered 403"}},
	})
}

func forAWhile(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code))) + " for 15 s"
}
