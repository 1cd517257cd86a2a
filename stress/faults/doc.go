// Package faults is a catalogue of what production does to a client, each fault
// as a script for a gateway that misbehaves, and the means to measure what
// becomes of the events: every one of them is stored, refused with a reason or
// dropped with a reason, counted by id at the gateway and not by the client.
//
// One catalogue serves twice: the tests of this package hold every fault to what
// it must come to, and docs/delivery.md is written from what they measure.
//
// A [Gateway] speaks HTTP on connections of its own, so that it can break them
// wherever it likes; what it does with events is fakegateway.Gateway's
// doing. It listens on memory or on loopback. On memory and inside a
// testing/synctest bubble an outage of ten minutes takes a second.
package faults
