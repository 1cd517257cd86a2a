// Package spool keeps events on disk from the moment they are tracked until
// they are settled, so that they outlive the process. It knows bytes, not what
// they mean.
//
// # Use
//
// An event is appended, handed out once and settled:
//
//	s, err := spool.Open(spool.Options{Dir: dir, Label: "envelope", MaxBytes: 1 << 30})
//
//	// The writer, one goroutine. room says whether memory has room for the group.
//	first, passed, err := s.Append(events, room)
//	// err != nil: the group is not on disk, and still the caller's
//	// passed:     the caller sends these events, with the Refs first, first+1 …
//	// else:       they are on disk alone, and Next returns them in their turn
//
//	// The reader, one goroutine.
//	for s.Next(&chunk) { … } // blocks until there is something, or Close
//
//	s.Settle(refs)  // from any goroutine: delivered or dropped
//	s.Close()       // what is not settled stays for the next process
//
// Append writes to the page cache: the events survive the process from then on,
// and the machine's loss of power from the next flush on
// (Options.SyncInterval). Own events are handed out in the order of Append.
// Events of processes that died come from Next beside the own ones, in the
// order in which those processes started. Any of them may have been in flight
// when its process died.
//
// # Who owns what
//
// The caller's writer goroutine owns the file that is appended to. The caller's
// reader goroutine owns the file that is read, looks for parts that dead
// processes left, and takes them over. The keeper, a goroutine of the Spool,
// owns the files that say what is settled, and removes segments. The syncer,
// there with a SyncInterval, flushes. None does I/O under Spool.mu, which
// guards what they share, so that no slow call of one holds up another.
//
// # Files
//
//	DIR/envelope-1764172497123-9f86d081884c7d65/    a part: one process
//	    lock                       locked while the process lives
//	    0000000000000001.events    a segment: events from number 1 on
//	    0000000000000001.settled   which of them are settled
//	DIR/damaged/                   segments that lost something
//
// A segment begins with a header (magic, version, checksum); then comes a record
// for each event: length, number, checksum of the event, checksum of these, the
// event. The checksums start from the name of part and segment, so that a record
// is valid in its own file alone. A reader that meets damage looks for the next
// valid record. The names and numbers say what is missing: segments of a part
// are removed in order only, and one that is settled before its elders is cut to
// nothing.
package spool
