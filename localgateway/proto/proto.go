// Package proto holds the gateway's messages as a .proto source, which package
// gateway compiles when it starts: nothing here needs protoc.
package proto

import _ "embed" // for causality.proto

// File is the name under which the source is compiled and imported.
const File = "causality.proto"

// Source is the text of causality.proto.
//
//go:embed causality.proto
var Source string
