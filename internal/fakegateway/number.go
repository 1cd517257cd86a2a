package fakegateway

import (
	"bytes"
	"math"
	"strconv"
)

// numberLen returns the length of the JSON number that in begins with, or 0 if
// there is none or it goes on like a word, as 0123 and 0x10 do.
//
// gateway: protojson also lets an exponent without digits (1e) pass here, which
// is not JSON; the Recorder refuses it.
func numberLen(in []byte) int {
	i := 0
	if in[i] == '-' {
		i++
	}
	if i < len(in) && in[i] == '0' {
		i++
	} else {
		n := digits(in[i:])
		if n == 0 {
			return 0
		}
		i += n
	}
	if i < len(in) && in[i] == '.' {
		if n := digits(in[i+1:]); n > 0 {
			i += 1 + n
		}
	}
	if i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		sign := 0
		if i+1 < len(in) && (in[i+1] == '+' || in[i+1] == '-') {
			sign = 1
		}
		n := digits(in[i+1+sign:])
		if n == 0 {
			return 0
		}
		i += 1 + sign + n
	}
	if i < len(in) && isWordByte(in[i]) {
		return 0
	}
	return i
}

func digits(in []byte) int {
	n := 0
	for n < len(in) && '0' <= in[n] && in[n] <= '9' {
		n++
	}
	return n
}

// parseInt reads an integer of so many bits.
//
// gateway: a number may have a fraction or an exponent as long as its value is
// whole (1.0, 1e3), and it may be a string ("5").
func parseInt(t token, bits int) (int64, bool) {
	t, ok := unquote(t)
	if !ok {
		return 0, false
	}
	if v, err := strconv.ParseInt(string(t.raw), 10, bits); err == nil {
		return v, true
	}
	whole, ok := wholeNumber(t.raw)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(whole, 10, bits)
	return v, err == nil
}

// wholeNumber rewrites a JSON number without fraction and exponent; false if
// its value is not whole or far too large.
func wholeNumber(number []byte) (string, bool) {
	sign := ""
	if number[0] == '-' {
		sign, number = "-", number[1:]
	}
	number, exponent := cut(number, "eE")
	whole, fraction := cut(number, ".")
	whole = bytes.TrimLeft(whole, "0")
	fraction = bytes.TrimRight(fraction, "0")
	if len(whole) == 0 && len(fraction) == 0 {
		return "0", true
	}
	shift := 0
	if len(exponent) > 0 {
		v, err := strconv.ParseInt(string(exponent), 10, 32)
		if err != nil {
			return "", false
		}
		shift = int(v)
	}
	if shift > 0 {
		// 20 digits hold every 64-bit integer; beyond, nothing is built.
		if len(fraction) > shift || len(whole)+shift > 20 {
			return "", false
		}
		zeros := bytes.Repeat([]byte{'0'}, shift-len(fraction))
		return sign + string(whole) + string(fraction) + string(zeros), true
	}
	end := len(whole) + shift
	if len(fraction) > 0 || end < 0 || len(bytes.Trim(whole[end:], "0")) > 0 {
		return "", false
	}
	return sign + string(whole[:end]), true
}

func cut(in []byte, separators string) (before, after []byte) {
	if i := bytes.IndexAny(in, separators); i >= 0 {
		return in[:i], in[i+1:]
	}
	return in, nil
}

// parseFloat reads a float of so many bits.
//
// gateway: a number beyond the range is refused; NaN and the infinities are
// accepted as strings, and then cost the stored event all its properties.
func parseFloat(t token, bits int) (float64, bool) {
	if t.kind == stringToken {
		switch string(t.text) {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
	}
	t, ok := unquote(t)
	if !ok {
		return 0, false
	}
	if _, err := strconv.ParseFloat(string(t.raw), bits); err != nil {
		return 0, false
	}
	// In full precision, because a stored 0.1 is shown as 0.1 whatever its bits.
	v, err := strconv.ParseFloat(string(t.raw), 64)
	return v, err == nil
}

// unquote returns the number that t is, or that begins t's string.
//
// gateway: only the first token of the string is looked at ("5,6" is 5), and
// white space around it is refused.
func unquote(t token) (token, bool) {
	if t.kind == stringToken {
		if len(bytes.TrimSpace(t.text)) != len(t.text) {
			return token{}, false
		}
		s := scanner{in: t.text}
		var err error
		if t, err = s.next(); err != nil {
			return token{}, false
		}
	}
	return t, t.kind == numberToken
}
