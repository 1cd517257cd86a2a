package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

const (
	fileMagic = "causpool"
	version   = 1

	headerBytes  = len(fileMagic) + 4 + 4 // magic, version, checksum
	recordBytes  = 4 + 8 + 4 + 4          // length, number, checksum of the event, of these
	settledBytes = 8 + 4 + 4              // first number, how many, checksum

	// maxGroupBytes bounds what one Append writes, and maxSegmentBytes any
	// segment: what a file has beyond it is not ours.
	maxGroupBytes   = 16 << 20
	maxSegmentBytes = 32 << 20
	// maxSegmentEvents is more than fit into a segment.
	maxSegmentEvents = uint64(maxSegmentBytes / recordBytes)
)

const (
	lockName      = "lock"
	eventsSuffix  = ".events"
	settledSuffix = ".settled"
	damagedName   = "damaged"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum continues seed over b.
func checksum(seed uint32, b []byte) uint32 { return crc32.Update(seed, castagnoli, b) }

// partName names the part of a process that starts now; names sort by time.
func partName(label string, now time.Time, random uint64) string {
	return fmt.Sprintf("%s-%013d-%016x", label, now.UnixMilli(), random)
}

// partLabel returns the label in the name of a part.
func partLabel(name string) (label string, ok bool) {
	label, rest, ok := strings.Cut(name, "-")
	if !ok || label == "" || len(rest) != 13+1+16 || rest[13] != '-' {
		return "", false
	}
	_, err := strconv.ParseUint(rest[:13], 10, 64)
	_, err2 := strconv.ParseUint(rest[14:], 16, 64)
	return label, err == nil && err2 == nil
}

func segmentName(base uint64) string { return fmt.Sprintf("%016x", base) }

// parseSegmentName returns the number of the first event in a file of that name.
func parseSegmentName(name, suffix string) (base uint64, ok bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	base, err := strconv.ParseUint(digits, 16, 64)
	return base, err == nil && segmentName(base) == digits
}

// segmentSeed is what the checksums of a segment start from.
func segmentSeed(part string, base uint64) uint32 {
	return checksum(0, []byte(part+"/"+segmentName(base)))
}

func appendHeader(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, fileMagic...), version)
	return binary.LittleEndian.AppendUint32(dst, checksum(0, dst[len(dst)-headerBytes+4:]))
}

// isFuture reports whether b is the header of a version that is not known here.
func isFuture(b []byte) bool {
	if len(b) < headerBytes || string(b[:len(fileMagic)]) != fileMagic {
		return false
	}
	body, sum := b[:headerBytes-4], binary.LittleEndian.Uint32(b[headerBytes-4:])
	return checksum(0, body) == sum && binary.LittleEndian.Uint32(b[len(fileMagic):]) > version
}

func appendRecord(dst []byte, seed uint32, number uint64, event []byte) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(event)))
	dst = binary.LittleEndian.AppendUint64(dst, number)
	dst = binary.LittleEndian.AppendUint32(dst, checksum(seed, event))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(seed, dst[at:]))
	return append(dst, event...)
}

// record is the head of a record.
type record struct {
	length int
	number uint64
	sum    uint32
}

// parseRecord reads the head of a record that b begins with.
func parseRecord(b []byte, seed uint32) (r record, ok bool) {
	if len(b) < recordBytes {
		return record{}, false
	}
	length := binary.LittleEndian.Uint32(b)
	if length == 0 || length > maxGroupBytes || checksum(seed, b[:recordBytes-4]) != binary.LittleEndian.Uint32(b[recordBytes-4:]) {
		return record{}, false
	}
	return record{int(length), binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint32(b[12:])}, true
}

func appendSettled(dst []byte, seed uint32, r run) []byte {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, r.first)
	dst = binary.LittleEndian.AppendUint32(dst, r.n)
	return binary.LittleEndian.AppendUint32(dst, checksum(seed, dst[at:]))
}

// parseSettled returns all valid records of b.
func parseSettled(b []byte, seed uint32) (runs []run) {
	for ; len(b) >= settledBytes; b = b[settledBytes:] {
		if checksum(seed, b[:settledBytes-4]) == binary.LittleEndian.Uint32(b[settledBytes-4:]) {
			runs = append(runs, run{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])})
		}
	}
	return runs
}

// run is numbers that follow one another.
type run struct {
	first uint64
	n     uint32
}

// addRun adds a number to runs, to the last of them if it follows that.
func addRun(runs []run, number uint64) []run {
	if last := len(runs) - 1; last >= 0 && runs[last].first+uint64(runs[last].n) == number {
		runs[last].n++
		return runs
	}
	return append(runs, run{number, 1})
}

// bitmap is a set of small numbers.
type bitmap []uint64

func (b bitmap) has(i uint64) bool { return i/64 < uint64(len(b)) && b[i/64]>>(i%64)&1 == 1 }

// add adds i, and reports whether it was not there.
func (b *bitmap) add(i uint64) bool {
	for i/64 >= uint64(len(*b)) {
		*b = append(*b, 0)
	}
	if b.has(i) {
		return false
	}
	(*b)[i/64] |= 1 << (i % 64)
	return true
}
