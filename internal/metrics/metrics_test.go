package metrics_test

import (
	"reflect"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/metrics"
)

// Each number of Stats, those of its structs too, is a metric, and only one.
func TestAll_ShowsEveryNumberOfStats(t *testing.T) {
	var s causality.Stats
	want := number(reflect.ValueOf(&s).Elem(), "Stats", map[int64]string{})
	s.Paused = true
	want[1] = "Stats.Paused"
	for _, m := range metrics.All {
		m.Each(s, func(n int64, reason string) {
			if want[n] == "" {
				t.Errorf("%s %s shows %d, which is no number of Stats or is shown already", m.Name, reason, n)
			}
			delete(want, n)
		})
	}
	for _, field := range want {
		t.Errorf("no metric shows %s; add it to metrics.All", field)
	}
}

// number gives each number in v a value of its own, and returns the fields by them.
func number(v reflect.Value, name string, fields map[int64]string) map[int64]string {
	for i := range v.NumField() {
		field, name := v.Field(i), name+"."+v.Type().Field(i).Name
		switch {
		case field.CanInt():
			n := int64(100 + len(fields))
			field.SetInt(n)
			fields[n] = name
		case field.Kind() == reflect.Struct && field.Type().PkgPath() == v.Type().PkgPath():
			number(field, name, fields)
		}
	}
	return fields
}

func TestAll_PausedIsZeroOtherwise(t *testing.T) {
	for _, m := range metrics.All {
		m.Each(causality.Stats{}, func(n int64, reason string) {
			if n != 0 {
				t.Errorf("%s %s is %d", m.Name, reason, n)
			}
		})
	}
}
