// Package live is a gateway that can be watched: it answers as package gateway
// does, remembers what became of every event, and shows it on a page, as a
// stream and as JSON.
//
// A request to the gateway goes through capture.go, which applies the faults of
// fault.go and makes records (record.go, refusal.go) of what happened. They are
// kept in the journal (journal.go), counted (stats.go), and read by the API
// (api.go) and the feed of server-sent events (feed.go). guard.go keeps the pages
// of other sites out. table.go writes what was stored to SQLite.
package live
