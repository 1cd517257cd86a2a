package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// demo is what the example needs to run by itself; a service has none of it.
type demo struct {
	gateway *causalitytest.Recorder
	replies []string
}

// newDemo starts a gateway on a loopback port and points cfg to it.
func newDemo(cfg *causality.Config) *demo {
	d := &demo{gateway: causalitytest.NewRecorder()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: d.gateway, ReadHeaderTimeout: 5 * time.Second}
	go func() { log.Fatal(server.Serve(listener)) }() // until the process ends
	cfg.Endpoint = "http://" + listener.Addr().String()
	cfg.APIKey = strings.Repeat("0123456789abcdef", 4)
	cfg.AppID = "shop"
	return d
}

// visit makes three requests to the shop and then stops it as SIGTERM would.
func (d *demo) visit(shop string, stop func()) {
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, visit := range []struct{ order, user string }{{"o-42", "u-1"}, {"o-13", "u-2"}, {"o-43", ""}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, shop+"/orders/"+visit.order, nil)
		if err != nil {
			log.Fatal(err)
		}
		if visit.user != "" {
			req.Header.Set("X-User", visit.user)
			req.Header.Set("X-Session", "s-of-"+visit.user)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		_ = resp.Body.Close()
		d.replies = append(d.replies, fmt.Sprintf("POST /orders/%s by %q: %s", visit.order, visit.user, resp.Status))
	}
}

// print shows the requests to the shop and what they left at the gateway.
func (d *demo) print() {
	fmt.Println("\nWhat the shop was asked:")
	for _, reply := range d.replies {
		fmt.Println(" ", reply)
	}
	fmt.Println("\nWhat arrived at the gateway:")
	for _, e := range d.gateway.Events() {
		fmt.Printf("  %s user=%q session=%q %v\n", e.EventType, e.UserID, e.SessionID, e.Properties)
	}
}
