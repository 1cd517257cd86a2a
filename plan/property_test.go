package plan_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/generate"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/load"
)

var (
	programs = flag.Int("programs", 60, "how many programs are generated")
	seed     = flag.Uint64("seed", 1, "the first of them")
)

// property is what is known of a property, read or seen.
type property struct {
	types  []string
	always bool
}

// What is read out of a program is what arrives when it runs.
func TestWhatIsListedIsWhatArrives(t *testing.T) {
	dir := t.TempDir()
	module(t, dir)
	if err := generate.Write(dir, *seed, *programs); err != nil {
		t.Fatal(err)
	}
	seen := arrived(t, dir)
	listed, unknown := listed(t, dir)
	bad := 0
	for i := range *programs {
		name := generate.Name(*seed + uint64(i))
		text, err := os.ReadFile(filepath.Join(dir, name+".go"))
		if err != nil {
			t.Fatal(err)
		}
		exact := !strings.HasPrefix(string(text), generate.Shared)
		if diff := differences(listed[name], seen[name], exact && len(unknown[name]) == 0); len(diff)+len(unknown[name]) > 0 {
			if bad++; bad <= 10 {
				_, body, _ := strings.Cut(string(text), "func "+name)
				t.Errorf("%s:\n%s\n%s\nfunc %s%s", name, strings.Join(diff, "\n"), strings.Join(unknown[name], "\n"), name, body)
			}
		}
	}
	t.Logf("%d programs, %d of them not as listed", *programs, bad)
}

// module makes dir a module that uses this checkout.
func module(t *testing.T, dir string) {
	t.Helper()
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/SebastienMelki/causality/sdk/go"
	text := strings.Replace(string(mod), "module "+sdk, "module example.com/shop", 1) +
		"\nrequire " + sdk + " v0.0.0\n\nreplace " + sdk + " => " + checkout + "\n"
	for name, content := range map[string]string{"go.mod": text, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// arrived runs the programs: what arrived, by program and event.
func arrived(t *testing.T, dir string) map[string]map[string]map[string]property {
	t.Helper()
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "PWD="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	seen := map[string]map[string]map[string]property{}
	counts := map[string]int{}
	dec := json.NewDecoder(bytes.NewReader(out))
	type key struct{ program, event, name string }
	times := map[key]int{}
	for dec.More() {
		var e struct {
			Program, Name string
			Properties    map[string]string
		}
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if seen[e.Program] == nil {
			seen[e.Program] = map[string]map[string]property{}
		}
		if seen[e.Program][e.Name] == nil {
			seen[e.Program][e.Name] = map[string]property{}
		}
		counts[e.Program+" "+e.Name]++
		for name, typ := range e.Properties {
			p := seen[e.Program][e.Name][name]
			if !slices.Contains(p.types, typ) {
				p.types = append(p.types, typ)
			}
			seen[e.Program][e.Name][name] = p
			times[key{e.Program, e.Name, name}]++
		}
	}
	for k, n := range times {
		p := seen[k.program][k.event][k.name]
		p.always = n == counts[k.program+" "+k.event]
		seen[k.program][k.event][k.name] = p
	}
	return seen
}

// listed reads the programs, by program and event, and what is unknown.
func listed(t *testing.T, dir string) (map[string]map[string]map[string]property, map[string][]string) {
	t.Helper()
	l, err := load.Load(dir, nil, "./...")
	if err != nil {
		t.Fatal(err)
	}
	result := l.Program.Calls(nil)
	found := map[string]map[string]map[string]property{}
	unknown := map[string][]string{}
	for _, u := range result.Unknown {
		name := strings.TrimSuffix(filepath.Base(u.Place.File), ".go")
		unknown[name] = append(unknown[name], fmt.Sprintf("line %d: %s: %s", u.Place.Line, u.Event, u.Why))
	}
	first := map[string]bool{}
	for _, c := range result.Calls {
		program := strings.TrimSuffix(filepath.Base(c.Place.File), ".go")
		if found[program] == nil {
			found[program] = map[string]map[string]property{}
		}
		props, again := found[program][c.Event]
		if !again {
			props = map[string]property{}
			found[program][c.Event] = props
		}
		has := map[string]bool{}
		for _, p := range c.Properties {
			has[p.Name] = true
			q, known := props[p.Name]
			q.always = p.Always && (known && q.always || !known && !again)
			for _, typ := range p.Types {
				if !slices.Contains(q.types, typ) {
					q.types = append(q.types, typ)
				}
			}
			props[p.Name] = q
		}
		for name, q := range props {
			if !has[name] {
				q.always = false
				props[name] = q
			}
		}
		first[program] = true
	}
	return found, unknown
}

// differences compares what is listed of a program with what arrived. Unless exact,
// there may be more listed.
func differences(listed, seen map[string]map[string]property, exact bool) (diff []string) {
	for _, event := range slices.Sorted(maps.Keys(seen)) {
		if listed[event] == nil {
			diff = append(diff, fmt.Sprintf("%s arrived and is not listed", event))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(seen[event])) {
			if isIdentity(name) {
				continue
			}
			l, s := listed[event][name], seen[event][name]
			for _, typ := range s.types {
				if !slices.Contains(l.types, typ) {
					diff = append(diff, fmt.Sprintf("%s.%s arrived as %s, listed %v", event, name, typ, l.types))
				}
			}
			if l.always && !s.always {
				diff = append(diff, fmt.Sprintf("%s.%s is listed as always there and did not always arrive", event, name))
			}
			if exact && (!l.always && s.always || len(l.types) != len(s.types)) {
				diff = append(diff, fmt.Sprintf("%s.%s is listed as %v always=%v and arrived as %v always=%v", event, name, l.types, l.always, s.types, s.always))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(listed[event])) {
			if _, ok := seen[event][name]; ok || isIdentity(name) || strings.HasSuffix(name, "_z") { // of point

				continue
			}
			if exact || listed[event][name].always {
				diff = append(diff, fmt.Sprintf("%s.%s is listed and did not arrive", event, name))
			}
		}
	}
	for _, event := range slices.Sorted(maps.Keys(listed)) {
		if seen[event] == nil && exact {
			diff = append(diff, fmt.Sprintf("%s is listed and did not arrive", event))
		}
	}
	return diff
}

// isIdentity: a string under these names is taken for the identity, and so is a float that
// is whole.
func isIdentity(name string) bool {
	for _, id := range []string{"user_id", "session_id", "device_id", "correlation_id"} {
		if strings.HasSuffix(strings.TrimSuffix(name, "_2"), id) {
			return true
		}
	}
	return false
}
