//go:build race

package causality

const raceEnabled = true

// RaceEnabled is for the tests of package causality_test.
const RaceEnabled = raceEnabled
