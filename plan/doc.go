// Package plan is the tracking plan of a program: the list of its events, with the
// properties of each and their types, read out of the program's code.
package plan
