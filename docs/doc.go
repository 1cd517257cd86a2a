// Package docs keeps the words true: its test compares every snippet of the
// README and of these pages with a program that is compiled and tested (below
// snippets), and runs every command.
//
//	go test .          # fails on a snippet that has drifted, or on a command that fails
//	go test . -update  # writes the snippets into the pages
//
// It is a module of its own, so that the routers, metrics and rivals of the
// guides are nobody's dependencies.
package docs
