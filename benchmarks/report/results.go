package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// results is what the lines of go test -bench say.
type results struct {
	// setting is what stands before them: the first value of each key.
	setting   map[string]string
	libraries []string
	profile   [][]string // kind, share, function
	// values are those of each unit of each benchmark, without the number of
	// cores at the end of its name.
	values map[string]map[string][]float64
	names  []string // in the order they come
}

func parse(text []byte) (*results, error) {
	r := &results{setting: map[string]string{}, values: map[string]map[string][]float64{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "Benchmark") {
			key, value, _ := strings.Cut(line, ": ")
			switch key {
			case "library":
				r.libraries = append(r.libraries, value)
			case "profile":
				r.profile = append(r.profile, strings.Fields(value))
			default:
				r.setting[key] = value
			}
			continue
		}
		fields := strings.Fields(line)
		name := trimCores(strings.TrimPrefix(fields[0], "Benchmark"))
		if r.values[name] == nil {
			r.values[name] = map[string][]float64{}
			r.names = append(r.names, name)
		}
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			r.values[name][fields[i+1]] = append(r.values[name][fields[i+1]], v)
		}
	}
	if len(r.names) == 0 {
		return nil, fmt.Errorf("there is no benchmark in it")
	}
	return r, nil
}

func trimCores(name string) string {
	at := strings.LastIndexByte(name, '-')
	if at < 0 || strings.HasPrefix(name, "EndToEnd/") || strings.HasPrefix(name, "AtRate/") || strings.HasPrefix(name, "Idle/") {
		return name
	}
	if _, err := strconv.Atoi(name[at+1:]); err != nil {
		return name
	}
	return name[:at]
}

// median is that of all rounds, and whether there is one.
func (r *results) median(name, unit string) (float64, bool) { return median(r.values[name][unit]) }

func median(values []float64) (float64, bool) {
	sorted := slices.Sorted(slices.Values(values))
	switch n := len(sorted); {
	case n == 0:
		return 0, false
	case n%2 == 1:
		return sorted[n/2], true
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2, true
	}
}

// ratio is the median of the ratios of two benchmarks in the same round: what the
// machine does beside them meets both.
func (r *results) ratio(a, b, unit string) (float64, bool) {
	return r.combine(a, b, unit, func(a, b float64) float64 { return a / b })
}

// difference is likewise that of a over b.
func (r *results) difference(a, b, unit string) (float64, bool) {
	return r.combine(a, b, unit, func(a, b float64) float64 { return a - b })
}

func (r *results) combine(a, b, unit string, f func(a, b float64) float64) (float64, bool) {
	as, bs := r.values[a][unit], r.values[b][unit]
	var each []float64
	for i := range min(len(as), len(bs)) {
		each = append(each, f(as[i], bs[i]))
	}
	return median(each)
}
