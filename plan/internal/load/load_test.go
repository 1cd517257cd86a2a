package load_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/load"
)

// write makes a module of these files.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files["go.mod"] = "module example.com/shop\n\ngo 1.24\n"
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A program that logs, without the SDK and without an event key, costs no more than its
// types. The key may be written in any way that makes a constant.
func TestAProgramWithoutAnEventKeyIsNotRead(t *testing.T) {
	const logs = "package main\n\nimport (\n\t\"example.com/shop/keys\"\n\t\"log/slog\"\n)\n\n" +
		"func main() { slog.Info(\"a\", KEY, \"order_placed\", keys.Key, 1) }\n"
	for _, test := range []struct {
		name, key, keys string
		isRead          bool
	}{
		{"no key", `"who"`, `"event_"`, false},
		{"a literal", `"event"`, `"n"`, true},
		{"OpenTelemetry's", `"otel.event.name"`, `"n"`, true},
		{"a constant of another package", `keys.Key`, `"ev" + "ent"`, true},
		{"a constant expression", `"ev" + keys.Key`, `"ent"`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := load.Load(write(t, map[string]string{
				"main.go":      strings.Replace(logs, "KEY", test.key, 1),
				"keys/keys.go": "package keys\n\nconst Key = " + test.keys + "\n",
			}), nil, "./...")
			if err != nil {
				t.Fatal(err)
			}
			if isRead := len(l.Files) > 0; isRead != test.isRead {
				t.Errorf("the program is read: %v, want %v", isRead, test.isRead)
			}
			if n := len(l.Calls().Calls); (n == 1) != test.isRead {
				t.Errorf("%d events are found", n)
			}
		})
	}
}
