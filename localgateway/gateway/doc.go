// Package gateway is a Causality gateway to test against: the same decoder
// (protojson), the same validator (protovalidate) and the same answers as the
// real one, without its PostgreSQL and NATS.
//
//	gw := gateway.New()
//	server := httptest.NewServer(gw)
//	// … send events to server.URL …
//	for _, event := range gw.Stored() {
//		fmt.Println(event.Subject, event.ID)
//	}
//
// A request passes through four rooms: gateway.go finds the route and checks
// the key, decode.go turns the body into a message or refuses it whole,
// ingest.go decides on every event and store.go keeps what was published.
// reply.go writes the answer, and row.go says what an event becomes in the
// warehouse. The messages themselves are stated in
// ../proto/causality.proto and compiled once by schema.go.
//
// What it answers was observed on the real gateway; a comment that begins with
// "gateway:" states one such rule.
package gateway
