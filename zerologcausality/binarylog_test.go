package zerologcausality_test

import (
	"os/exec"
	"strings"
	"testing"
)

// With the build tag binary_log zerolog writes CBOR. It takes a build of its own to
// see what the adapters make of that.
func TestBinaryLog(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	for _, tc := range []struct {
		name string
		args []string
		want []string
		not  string
	}{
		{
			name: "without the tag all events arrive",
			want: []string{"hook events: 1\n", "writer events: 3\n"},
			not:  "level=ERROR",
		},
		{
			name: "with it the hook says so, and the writer does at the first line that is CBOR",
			args: []string{"-tags=binary_log"},
			want: []string{
				`zerologcausality: NewHook tracks no events: the build has the tag binary_log`, "hook events: 0\n",
				`zerologcausality: NewWriter got a line that is not JSON, and finds no events in such lines: it is CBOR`, "writer events: 1\n",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), tool, append(append([]string{"run"}, tc.args...), "./testdata/binarylog")...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range tc.want {
				if strings.Count(string(out), want) != 1 {
					t.Errorf("want once %q in\n%s", want, out)
				}
			}
			if tc.not != "" && strings.Contains(string(out), tc.not) {
				t.Errorf("%q in\n%s", tc.not, out)
			}
		})
	}
}
