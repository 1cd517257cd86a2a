//go:build !race

package causality

const raceEnabled = false
