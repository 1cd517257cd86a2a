//go:build !race

package slogcausality_test

const raceEnabled = false
