package page_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/page"
)

var update = flag.Bool("update", false, "take the screenshot of docs/plan.md anew")

// chromium runs a browser on the page of the examples' plan, searched for "purchase".
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && browser == "" {
			browser = path
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium")
	}
	p, err := plan.Load("../../../examples/tracking-plan.json")
	if err != nil {
		t.Fatal(err)
	}
	html, err := page.HTML(p, "Tracking plan of the shop")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "plan.html")
	if err := os.WriteFile(file, html, 0o666); err != nil {
		t.Fatal(err)
	}
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + filepath.Join(dir, "profile"), "--hide-scrollbars",
	}, args...)
	out, err := exec.Command(browser, append(args, "file://"+file+"?q=Purchase+CENTS")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestSearch(t *testing.T) {
	dom := chromium(t, "--dump-dom")
	for _, want := range []string{`<article id="purchase_complete">`, `<article id="purchase_failed" hidden="">`, `<article id="cart_viewed" hidden="">`, "1 of 4 events"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page has no %s:\n%s", want, dom)
		}
	}
}

func TestScreenshot(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	file, err := filepath.Abs("../../../docs/plan.png")
	if err != nil {
		t.Fatal(err)
	}
	chromium(t, "--force-device-scale-factor=1.5", "--window-size=900,480", "--screenshot="+file)
}
