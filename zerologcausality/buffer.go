package zerologcausality

import (
	"errors"
	"reflect"

	"github.com/rs/zerolog"
)

// buffer is where a zerolog.Event keeps the line that it has so far: the index
// of its private field.
type buffer int

const bufferField = "buf"

var (
	errNoBuffer = errors.New("this version of zerolog keeps its lines elsewhere; " +
		"use zerologcausality.NewWriter with zerolog.MultiLevelWriter, which reads finished lines")
	errCBOR = errors.New("the build has the tag binary_log, so lines are CBOR and not JSON; " +
		"build without it (zerologcausality.NewWriter needs JSON lines too), or call Client.Track")
)

// findBuffer finds the field in the type zerolog.Event and proves, on an event of
// its own, that it holds what is expected of it.
func findBuffer(event reflect.Type) (buffer, error) {
	field, ok := event.FieldByName(bufferField)
	if !ok || len(field.Index) != 1 || field.Type != reflect.TypeFor[[]byte]() {
		return 0, errNoBuffer
	}
	b := buffer(field.Index[0])
	// A Dict, because no level or sampler can switch it off.
	return b, checkBuffer(b.of(zerolog.Dict().Str("k", "v")))
}

// probed is what the line of the event in findBuffer must be.
const probed = `{"k":"v"`

func checkBuffer(line []byte) error {
	switch {
	case string(line) == probed:
		return nil
	case isCBOR(line):
		return errCBOR
	default:
		return errNoBuffer
	}
}

// of returns the line of e so far, without its closing brace. It is e's own
// memory, and valid until e is changed or sent.
func (b buffer) of(e *zerolog.Event) []byte {
	return reflect.ValueOf(e).Elem().Field(int(b)).Bytes()
}

// isCBOR reports whether a line begins as a CBOR map does (RFC 8949: major type
// 5).
func isCBOR(line []byte) bool { return len(line) > 0 && line[0]>>5 == 5 }
