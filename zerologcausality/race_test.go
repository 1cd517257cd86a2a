//go:build race

package zerologcausality_test

func init() { underRace = true }
