package command_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/command"
)

const shop = `package main

import "log/slog"

func main() {
	slog.Info("order placed", "event", "order_placed", "order_id", "o-42", "total_cents", 1999)
	slog.Info("cart", "event", name(), "items", 3)
	slog.Info("hello", "who", "world")
}

func name() string { return string([]rune{'x'}) }
`

// chdir makes a module of one file the working directory.
func chdir(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/shop\n\ngo 1.24\n")
	write(t, filepath.Join(dir, "main.go"), text)
	t.Chdir(dir)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run runs the command, whose status must be want.
func run(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := command.Run(args, &out, &errs); got != want {
		t.Fatalf("%v: status %d, want %d\n%s%s", args, got, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func TestListAsJSON(t *testing.T) {
	chdir(t, shop)
	out, _ := run(t, 0, "list", "-json", "./...")
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(out)); err != nil {
		t.Fatal(err)
	}
	const want = `{"events":[{"name":"order_placed","properties":[{"name":"order_id","types":["string"],"always":true},` +
		`{"name":"total_cents","types":["int"],"always":true}],"calls":[{"file":"main.go","line":6}]}],` +
		`"unknown":[{"reason":"the event's name is not known: it is converted","file":"main.go","line":7}]}`
	if compact.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", compact.String(), want)
	}
	chdir(t, "package main\n\nfunc main() {}\n")
	if out, _ := run(t, 0, "list", "-json"); strings.Join(strings.Fields(out), "") != `{"events":[],"unknown":[]}` {
		t.Errorf("of a program that logs nothing it printed %s", out)
	}
}

func TestListAsText(t *testing.T) {
	chdir(t, shop)
	out, _ := run(t, 0, "list")
	const want = `order_placed
    order_id     string  always
    total_cents  int     always
  main.go:6

not known:
  main.go:7: the event's name is not known: it is converted
`
	if out != want {
		t.Errorf("printed\n%s", out)
	}
}

func TestUpdateKeepsWhatPeopleWrote(t *testing.T) {
	chdir(t, shop)
	run(t, 0, "update")
	text := read(t, "tracking-plan.json")
	text = strings.Replace(text, `"description": ""`, `"description": "An order."`, 1)
	text = strings.Replace(text, `"order_id": {`, `"order_id": {"description": "Ours.", "maxLength": 9,`, 1)
	text = strings.Replace(text, `"events": {`, `"events": {"gone": {"deprecated": false}, "retired": {"deprecated": true},`, 1)
	write(t, "tracking-plan.json", text)
	write(t, "main.go", strings.Replace(shop, `"total_cents", 1999`, `"total_cents", "1999", "gift", true`, 1))
	if _, errs := run(t, 0, "update", "./..."); !strings.Contains(errs, "it no longer has the event gone, ") || strings.Contains(errs, "the event retired") {
		t.Errorf("of the events that the code has lost it says %s", errs)
	}
	got := read(t, "tracking-plan.json")
	for _, want := range []string{`"description": "An order."`, `"description": "Ours."`, `"maxLength": 9`, `"retired"`, `"gift"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is lost:\n%s", want, got)
		}
	}
	if strings.Contains(got, `"gone"`) || strings.Contains(got, `"integer"`) {
		t.Errorf("what the code has lost is there:\n%s", got)
	}
	before, err := os.Stat("tracking-plan.json")
	if err != nil {
		t.Fatal(err)
	}
	run(t, 0, "update")
	if after, err := os.Stat("tracking-plan.json"); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Error("a second update writes the same file again")
	}
}

func TestCheck(t *testing.T) {
	good := strings.Replace(shop, "name(),", `"cart_viewed",`, 1)
	chdir(t, good)
	out, errs := run(t, 1, "check") // the list of the first day
	if !strings.Contains(out, "main.go:6:2: this line's event attribute makes it the analytics event order_placed") || !strings.Contains(errs, "causality-plan update writes it") {
		t.Errorf("without a plan it printed\n%s%s", out, errs)
	}
	run(t, 0, "update")
	if out, errs := run(t, 0, "check", "./..."); out+errs != "" {
		t.Errorf("printed\n%s%s", out, errs)
	}

	write(t, "main.go", strings.Replace(good, `"order_placed"`, `"order_placd"`, 1))
	out, errs = run(t, 1, "check")
	if !strings.Contains(out, "main.go:6:2: the event order_placd is not in the tracking plan; did you mean order_placed? (unknown-event)\n\tfix: write \"order_placed\" in place of \"order_placd\"\n") {
		t.Errorf("printed\n%s", out)
	}
	if !strings.Contains(errs, "has the event order_placed, which these packages do not track") {
		t.Errorf("printed\n%s", errs)
	}
	run(t, 0, "check", "-disable", "unknown-event")
	run(t, 0, "check", "-disable", "two-types, unknown-event")
	if _, errs := run(t, 2, "check", "-disable", "unknown-events"); !strings.Contains(errs, "there is no rule unknown-events; the rules are unknown-event, ") {
		t.Errorf("of a rule that there is not it says %s", errs)
	}
	if out, errs := run(t, 1, "check", "-fix"); !strings.HasSuffix(out, "(unknown-event)\n\tfixed: \"order_placd\" is now \"order_placed\"\n") || errs != "" {
		t.Errorf("with -fix it printed\n%s%s", out, errs)
	}
	if got := read(t, "main.go"); got != good {
		t.Errorf("the fix wrote\n%s", got)
	}
	run(t, 0, "check")

	write(t, "main.go", strings.Replace(good, "1999)", "true) //nolint:causality-plan // being changed", 1))
	run(t, 0, "check")
	write(t, "tracking-plan.json", "{}")
	if _, errs := run(t, 2, "check"); !strings.Contains(errs, "tracking-plan.json") {
		t.Errorf("of a broken plan it says %s", errs)
	}
}

func TestDoc(t *testing.T) {
	chdir(t, shop)
	run(t, 2, "doc", "-o", "plan.md")
	run(t, 0, "update")
	text := strings.Replace(read(t, "tracking-plan.json"), `"description": ""`, `"description": "An <b>order</b> | placed."`, 1)
	write(t, "tracking-plan.json", text)
	run(t, 0, "doc", "-o", "plan.md")
	for _, want := range []string{"# Tracking plan\n", "| [order_placed](#order_placed) | An <b>order</b> \\| placed. |", "| `total_cents` | int | always |  |\n"} {
		if got := read(t, "plan.md"); !strings.Contains(got, want) {
			t.Errorf("the page has no %q:\n%s", want, got)
		}
	}
	run(t, 0, "doc", "-o", "plan.html", "-title", "Our events")
	for _, want := range []string{"<title>Our events</title>", `<article id="order_placed">`, "An &lt;b&gt;order&lt;/b&gt;", "<td>total_cents</td><td>int</td>"} {
		if got := read(t, "plan.html"); !strings.Contains(got, want) {
			t.Errorf("the page has no %q:\n%s", want, got)
		}
	}
	if out, _ := run(t, 0, "doc"); !strings.HasPrefix(out, "# Tracking plan") {
		t.Errorf("printed %s", out)
	}
	run(t, 2, "doc", "-o", "plan.pdf")
	if _, errs := run(t, 2, "doc", "plan.html"); !strings.Contains(errs, "-o plan.html") {
		t.Errorf("without -o it says %s", errs)
	}
}

func TestUsage(t *testing.T) {
	chdir(t, shop)
	for _, test := range []struct {
		args []string
		says string
	}{
		{nil, "causality-plan update"},
		{[]string{"lst"}, "there is no verb lst\n"},
		{[]string{"list", "-unknown"}, "-unknown"},
		{[]string{"list", "./nowhere"}, "causality-plan: stat nowhere: directory not found\n"},
		{[]string{"check", ".", "./nowhere"}, "causality-plan: stat nowhere: directory not found\n"},
		{[]string{"list", "./...", "-json"}, "the flag -json belongs before the packages\n"},
		{[]string{"list", "main.go"}, "main.go is a file, "},
	} {
		if _, errs := run(t, 2, test.args...); strings.Count(errs, test.says) != 1 {
			t.Errorf("%v: it says %q, want %q in it", test.args, errs, test.says)
		}
	}
	for _, help := range []string{"help", "-h", "--help"} {
		if out, errs := run(t, 0, help); !strings.Contains(out, "causality-plan update") || errs != "" {
			t.Errorf("%s says %q %q", help, out, errs)
		}
	}
}

// Where nothing is found, list says that it has looked.
func TestListOfAProgramWithoutEvents(t *testing.T) {
	chdir(t, "package main\n\nfunc main() {}\n")
	if out, errs := run(t, 0, "list"); out != "" || !strings.Contains(errs, "no log line of these packages has an event attribute") {
		t.Errorf("printed %q %q", out, errs)
	}
}

// In a directory without a plan, check says where one is.
func TestThePlanOfADirectoryAbove(t *testing.T) {
	chdir(t, shop)
	write(t, "tracking-plan.json", `{"version":1,"events":{}}`)
	if err := os.MkdirAll(filepath.Join("cmd", "web"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join("cmd", "web", "main.go"), shop)
	t.Chdir(filepath.Join("cmd", "web"))
	if _, errs := run(t, 1, "check", "."); !strings.Contains(errs, "-plan "+filepath.Join("..", "..", "tracking-plan.json")+"\n") {
		t.Errorf("it says %s", errs)
	}
}

// A program that does not compile is no program without events.
func TestAProgramThatDoesNotCompile(t *testing.T) {
	chdir(t, strings.Replace(shop, `"world"`, `world`, 1))
	if _, errs := run(t, 2, "list"); !strings.Contains(errs, "undefined: world") {
		t.Errorf("it says %s", errs)
	}
}

// What a tool has made of another file is shown and excused where people know it, and no
// fix is written into that file.
func TestAFileThatIsMadeOfAnother(t *testing.T) {
	const text = "package main\n\nimport \"log/slog\"\n\n//line shop.tmpl:10\nfunc main() {\n" +
		"\tslog.Info(\"a\", \"event\", \"order_place\")\n" +
		"\tslog.Info(\"a\", \"event\", \"order_plac\") //nolint:causalityplan\n}\n"
	chdir(t, text)
	write(t, "tracking-plan.json", `{"version":1,"events":{"order_placed":{}}}`)
	write(t, "shop.tmpl", text)
	out, _ := run(t, 1, "check", "-fix", "./...")
	if want := "shop.tmpl:11: the event order_place is not in the tracking plan; did you mean order_placed? (unknown-event)\n"; out != want {
		t.Errorf("printed\n%s\nwant\n%s", out, want)
	}
	if read(t, "shop.tmpl") != text || read(t, "main.go") != text {
		t.Error("a file was changed")
	}
}

// A package that does not compile says each error once.
func TestAPackageWithErrors(t *testing.T) {
	chdir(t, "package main\n\nimport \"log/slog\"\n\nfunc main() { slog.Info(1) }\n")
	for _, verb := range []string{"list", "update", "check"} {
		_, errs := run(t, 2, verb, "./...")
		if strings.Count(errs, "main.go:5:") != 1 || strings.Contains(errs, "#") {
			t.Errorf("%s: %s", verb, errs)
		}
	}
	if _, err := os.Stat("tracking-plan.json"); err == nil {
		t.Error("update has written a plan")
	}
}
