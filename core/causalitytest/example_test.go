package causalitytest_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// checkout is the code under test in these examples.
func checkout(client *causality.Client, user, order string) {
	client.Track(causality.Event{
		EventType:  "purchase_complete",
		UserID:     user,
		Properties: map[string]any{"order_id": order, "total_cents": 1999},
	})
}

// A Recorder takes the place of the network in the client that the code under
// test makes for itself.
func Example() {
	rec := causalitytest.NewRecorder()
	client, err := causality.New(causality.Config{
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://gateway.test",
		AppID:     "shop",
		Transport: rec,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	checkout(client, "u-1", "o-42")
	checkout(client, "u-2", "o-43")
	if err := client.Close(); err != nil {
		fmt.Println(err)
	}

	for _, e := range rec.OfType("purchase_complete") {
		fmt.Println(e.UserID, e.Properties["order_id"], e.Properties["total_cents"])
	}
	// Output:
	// u-1 o-42 1999
	// u-2 o-43 1999
}

// In a test, New is all it takes.
func ExampleNew() {
	var t *testing.T // the test's own

	client, rec := causalitytest.New(t)
	checkout(client, "u-1", "o-42")
	rec.Expect(t, "purchase_complete", "user_id", "u-1", "total_cents", 1999)
}

// Wait is for code that tracks on goroutines of its own.
func ExampleRecorder_Wait() {
	var t *testing.T // the test's own

	client, rec := causalitytest.New(t)
	go checkout(client, "u-1", "o-42")
	if err := rec.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

// The gateway is away for two requests; the client repeats them.
func ExampleRecorder_Script() {
	rec := causalitytest.NewRecorder()
	rec.Script(
		causalitytest.Status(503),
		causalitytest.Break(),
	)
	client, err := causality.New(causality.Config{
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://gateway.test",
		AppID:     "shop",
		Transport: rec,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	checkout(client, "u-1", "o-42")
	if err := client.Close(); err != nil {
		fmt.Println(err)
	}
	for _, req := range rec.Requests() {
		fmt.Printf("status %d, stored %d\n", req.Status, req.Stored)
	}
	// Output:
	// status 503, stored 0
	// status 0, stored 0
	// status 200, stored 1
}

// As an http.Handler, the Recorder is a gateway for what is not Go's, or not in
// this process.
func ExampleRecorder_ServeHTTP() {
	rec := causalitytest.NewRecorder()
	srv := httptest.NewServer(rec)
	defer srv.Close()

	client, err := causality.New(causality.Config{
		APIKey:   strings.Repeat("0123456789abcdef", 4),
		Endpoint: srv.URL,
		AppID:    "shop",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	checkout(client, "u-1", "o-42")
	if err := client.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(rec.Len())
	// Output: 1
}
