package term

import (
	"fmt"
	"go/types"
	"path/filepath"
)

// Summary is what is known of one package without looking at another.
type Summary struct {
	Path  string
	Funcs map[string]*Func
	// Stores are what the package assigns to variables and fields, by their names.
	Stores map[string][]*Node
	// Calls are the calls of each function.
	Calls map[string][]Site
	// Dynamic are the calls of functions that are values: the first argument.
	Dynamic []Site
	// Taken says where a function is used as a value, so that calls of it are not
	// seen.
	Taken map[string]Place
	// Adapters are the loggers for which it makes an adapter of ours.
	Adapters []Logger
	// Invoked are the methods of the program's interfaces that it calls.
	Invoked map[string]Interface
}

// Interface is an interface and one of its methods.
type Interface struct {
	Type   types.Type
	Method string
}

// Method is the method of a type that a call of an interface's method may be of.
type Method struct {
	Type string // its name, without the * of a pointer
	ID   string
}

// Func is what a function does that matters.
type Func struct {
	ID     string
	Params []string // their names
	// Results are what it returns.
	Results []*Node
	// Effects are what it makes of the zerolog events and zap encoders among its
	// parameters.
	Effects map[int]*Node
	Sinks   []Sink
}

// Sink is a call that writes a log line or tracks an event.
type Sink struct {
	Logger Logger
	// Line is the list of all that is on the line, that is bound included; of a
	// Track the causality.Event.
	Line  *Node
	Place Place
}

// Site is a call of a function.
type Site struct {
	Caller string
	Args   []*Node
	Place  Place
}

// Place is where something is in the source: file, line and byte columns, counted
// from 1, as people know them.
type Place struct {
	File               string
	Line, Column       int
	EndLine, EndColumn int
	// Parsed is the file that the compiler reads, and Offset and EndOffset are bytes of
	// it. It is another than File where that is made into Go by a tool, such as cgo.
	Parsed            string
	Offset, EndOffset int
}

// String returns file:line.
func (p Place) String() string { return fmt.Sprintf("%s:%d", filepath.Base(p.File), p.Line) }

// Logger says which logger a Sink belongs to.
type Logger uint8

const (
	Slog Logger = iota
	ZapLogger
	Zerolog
	Track
)

func (l Logger) String() string { return [...]string{"slog", "zap", "zerolog", "Track"}[l] }
