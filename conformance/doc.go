// Package conformance tests the SDK against the gateway's own rules. The
// gateway of localgateway/gateway is built from the parts of the real one; what
// it answers is held against recorded exchanges with the real one, and what the
// SDK's test Recorder answers is held against it.
//
//	go test ./...                     # the replay, the Recorder, what the SDK sends
//	go test -race -short ./...
//	go test -bench . -cpu 1 .         # events a second
//	go test -fuzz FuzzRecorder .      # and FuzzGateway
package conformance
