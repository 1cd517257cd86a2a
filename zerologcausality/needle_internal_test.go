package zerologcausality

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNeedleFindsWhatContainsFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, key := range []string{"event", "e", "", "vv", "analytics.event", "évènement", "a\"b", "\xff"} {
		n := needleOf(key)
		// Of these every line is nearly a needle.
		alphabet := strings.Split(string(n.text)+string(n.text)+"vx", "")
		found := 0
		for range 20_000 {
			var line []byte
			for range random.IntN(3 * len(n.text)) {
				line = append(line, alphabet[random.IntN(len(alphabet))]...)
			}
			if random.IntN(3) == 0 {
				at := random.IntN(len(line) + 1)
				line = append(append(append([]byte(nil), line[:at]...), n.text...), line[at:]...)
			}
			want := bytes.Contains(line, n.text)
			if got := n.isIn(line); got != want {
				t.Fatalf("needle of %q in %q: %v, want %v", key, line, got, want)
			}
			if want {
				found++
			}
		}
		if found == 0 || found == 20_000 {
			t.Errorf("needle of %q: found in %d of 20000 lines, so this tested half of it", key, found)
		}
	}
}
