package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// demo plays what is around a service: a gateway, visitors, and somebody who
// stops it.
type demo struct {
	recorder *causalitytest.Recorder
	gateway  *httptest.Server
}

// newDemo starts a gateway on a loopback port and points cfg to it.
func newDemo(cfg *causality.Config) *demo {
	d := &demo{recorder: causalitytest.NewRecorder()}
	d.gateway = httptest.NewServer(d.recorder)
	cfg.Endpoint, cfg.APIKey, cfg.AppID = d.gateway.URL, strings.Repeat("0123456789abcdef", 4), "shop"
	return d
}

// visit makes three requests to the shop and stops it.
func (d *demo) visit(shop string, stop func()) {
	defer stop()
	for n, order := range []string{"o-42", "o-13", "o-43"} {
		req, err := http.NewRequest(http.MethodPost, shop+"/orders/"+order, http.NoBody)
		if err != nil {
			log.Print(err)
			return
		}
		req.Header.Set("X-User", fmt.Sprintf("u-%d", n))
		req.Header.Set("X-Session", fmt.Sprintf("s-%d", n))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Print(err)
			return
		}
		_ = resp.Body.Close()
	}
}

// print shows what arrived, once the shop has stopped.
func (d *demo) print() {
	d.gateway.Close()
	fmt.Println("\nWhat arrived at the gateway:")
	for _, e := range d.recorder.Events() {
		fmt.Printf("  %s user=%s session=%s %v\n", e.EventType, e.UserID, e.SessionID, e.Properties)
	}
}
