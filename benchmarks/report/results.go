package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results is what go test -bench printed.
type results struct {
	setting   map[string]string // the lines before it
	libraries []string
	values    map[string][]float64 // of each round, by benchmark and unit
}

var cores = regexp.MustCompile(`-\d+$`)

func parse(text []byte) (*results, error) {
	r := &results{setting: map[string]string{}, values: map[string][]float64{}}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		name, isBenchmark := strings.CutPrefix(fields[0], "Benchmark")
		if !isBenchmark {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if key == "library" {
				r.libraries = append(r.libraries, value)
			}
			r.setting[key] = value
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			key := cores.ReplaceAllString(name, "") + " " + fields[i+1]
			r.values[key] = append(r.values[key], v)
		}
	}
	return r, nil
}

// median is that of all rounds, or an error if nothing was measured.
func (r *results) median(benchmark, unit string) (float64, error) {
	return median(r.values[benchmark+" "+unit], benchmark)
}

// ratio is the median of the ratios of two benchmarks in the same round: what the
// machine does beside them meets both.
func (r *results) ratio(a, b, unit string) (float64, error) {
	as, bs := r.values[a+" "+unit], r.values[b+" "+unit]
	var each []float64
	for i := range min(len(as), len(bs)) {
		each = append(each, as[i]/bs[i])
	}
	return median(each, a+" and "+b)
}

func median(values []float64, of string) (float64, error) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0, fmt.Errorf("nothing was measured of %s", of)
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2, nil
}

// cell is a median for a reader.
func (r *results) cell(benchmark, unit string) (string, error) {
	v, err := r.median(benchmark, unit)
	if err != nil {
		return "", err
	}
	switch unit {
	case "ns/op", "cpu-ns/event":
		return nanoseconds(v), nil
	case "added-ns":
		return fmt.Sprintf("%.0f ns", max(v, 0)), nil
	case "peak-MB":
		return fmt.Sprintf("%.0f MB", v), nil
	case "lost-%":
		return fmt.Sprintf("%.3g %%", v), nil
	case "B/op", "B/event":
		return fmt.Sprintf("%.0f B", v), nil
	default:
		return fmt.Sprintf("%.0f", v), nil
	}
}

func nanoseconds(v float64) string {
	switch {
	case v >= 1e4:
		return fmt.Sprintf("%.1f µs", v/1e3)
	case v >= 1e3:
		return fmt.Sprintf("%.2f µs", v/1e3)
	default:
		return fmt.Sprintf("%.0f ns", v)
	}
}
