//go:build !race

package zapcausality_test

const raceEnabled = false
