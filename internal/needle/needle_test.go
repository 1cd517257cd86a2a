package needle_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/needle"
)

var sets = [][]string{
	{`"event":`},
	{`"accepted"`},
	{`e`},
	{`vv`},
	{`"event":`, `"otel.event.name":`}, // both have a v
	{`"event":`, `"track":`},           // nothing rare in common
	{`aXa`, `XX`, `bX`},
	{`"évènement":`, "\xff", `":`},
}

// random returns a text in which nearly every byte begins a needle, and which has
// one in a third of the cases.
func random(r *rand.Rand, texts []string) []byte {
	alphabet := strings.Split(strings.Repeat(strings.Join(texts, ""), 2)+"vx", "")
	var line []byte
	for range r.IntN(40) {
		line = append(line, alphabet[r.IntN(len(alphabet))]...)
	}
	if r.IntN(3) == 0 {
		at := r.IntN(len(line) + 1)
		line = bytes.Join([][]byte{line[:at], line[at:]}, []byte(texts[r.IntN(len(texts))]))
	}
	return line
}

func TestASetFindsWhatContainsFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, texts := range sets {
		set, found := needle.Any(texts...), 0
		for range 20_000 {
			line, want := random(r, texts), false
			for _, text := range texts {
				want = want || bytes.Contains(line, []byte(text))
			}
			if got := set.IsIn(line); got != want {
				t.Fatalf("%q in %q: %v, want %v", texts, line, got, want)
			}
			if want {
				found++
			}
		}
		if found == 0 || found == 20_000 {
			t.Errorf("%q: found in %d of 20000 lines, so this tested half of it", texts, found)
		}
	}
}

func TestANeedleCountsWhatCountCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, texts := range sets {
		n, most := needle.New(texts[0]), 0
		for range 5000 {
			line := append(random(r, texts), random(r, texts)...)
			want := bytes.Count(line, []byte(texts[0]))
			if got := n.Count(line); got != want {
				t.Fatalf("%q in %q: %d, want %d", texts[0], line, got, want)
			}
			most = max(most, want)
		}
		if most < 2 {
			t.Errorf("%q: never more than %d in one line", texts[0], most)
		}
	}
}
