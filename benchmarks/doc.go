// Package benchmarks measures the SDK against what an engineer would pick
// instead. It is a module of its own, so that nobody who uses the SDK downloads
// its peers.
//
// Every benchmark delivers: each library sends to a server in another process,
// which answers as that library expects and counts what arrives. What did not is
// the metric lost-%. A benchmark is named by scenario, then library, so that
// benchstat prints the comparison:
//
//	go test -bench . -count 6 | tee new.txt
//	benchstat -col /lib new.txt
//
// docs/performance.md, its chart and the part of README.md that is about speed
// are written from six such runs:
//
//	go run ./report
package benchmarks
