package value

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// OfJSON reduces one JSON value, given as compact text: an object becomes a
// group in the order it is written, a string is unquoted, a number is an
// integer where it is written as one and fits, null is the zero Value, and an
// array, or whatever nests deeper than MaxDepth, is JSON.
func OfJSON(text []byte) slog.Value {
	p := parser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	v, err := p.next(0)
	if err != nil {
		return Failed(err)
	}
	return v
}

// parser reads tokens once, from left to right: a reader that looked at every
// object again on the way into it would take quadratic time on a deep one.
type parser struct {
	text []byte
	dec  *json.Decoder
}

func (p *parser) next(depth int) (slog.Value, error) {
	token, err := p.dec.Token()
	if err != nil {
		return slog.Value{}, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' || depth >= MaxDepth {
			return p.verbatim()
		}
		return p.object(depth)
	case string:
		return slog.StringValue(token), nil
	case bool:
		return slog.BoolValue(token), nil
	case json.Number:
		return Number(string(token)), nil
	default: // null
		return slog.Value{}, nil
	}
}

// verbatim returns the array or object that has just been opened as its text.
func (p *parser) verbatim() (slog.Value, error) {
	start := p.dec.InputOffset() - 1
	for open := 1; open > 0; {
		token, err := p.dec.Token()
		if err != nil {
			return slog.Value{}, noEOF(err)
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			open++
		case json.Delim(']'), json.Delim('}'):
			open--
		}
	}
	return slog.AnyValue(JSON(p.text[start:p.dec.InputOffset()])), nil
}

func (p *parser) object(depth int) (slog.Value, error) {
	var members []slog.Attr
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return slog.Value{}, noEOF(err)
		}
		v, err := p.next(depth + 1)
		if err != nil {
			return slog.Value{}, noEOF(err)
		}
		members = append(members, slog.Attr{Key: key.(string), Value: v})
	}
	if _, err := p.dec.Token(); err != nil { // the closing brace
		return slog.Value{}, noEOF(err)
	}
	return slog.GroupValue(members...), nil
}

// Number reduces a JSON number: an integer where it is written as one and fits
// an int64 or a uint64, else a float, else its text.
func Number(text string) slog.Value {
	if strings.ContainsAny(text, ".eE") {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return slog.Float64Value(f)
		}
		return slog.StringValue(text)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return slog.Int64Value(n)
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return slog.Uint64Value(n)
	}
	return slog.StringValue(text)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
