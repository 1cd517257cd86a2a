//go:build race

package zapcausality_test

// raceEnabled: the race detector allocates, and sync.Pool drops at random.
const raceEnabled = true
