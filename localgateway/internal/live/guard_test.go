package live_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestPagesOfOtherSitesAreKeptOut(t *testing.T) {
	s := start(t, live.Options{Loopback: true})
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	own, rebound := "127.0.0.1"+port, "evil.example"+port
	tests := []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"the page itself", "GET", "/", nil, 200},
		{"by its other name", "GET", "/", []string{"Host", "localhost" + port}, 200},
		{"in IPv6", "GET", "/_local/events", []string{"Host", "[::1]" + port}, 200},
		{"what the page asks", "GET", "/_local/events", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"what the page posts", "POST", "/_local/fault", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://" + own}, 200},
		{"a program", "POST", "/_local/fault", nil, 200},
		{"a link to the page", "GET", "/", []string{"Sec-Fetch-Site", "cross-site"}, 200},

		{"DNS rebinding reads the page", "GET", "/", []string{"Host", rebound}, 403},
		{"DNS rebinding reads events", "GET", "/_local/events", []string{"Host", rebound, "Sec-Fetch-Site", "same-origin"}, 403},
		{"DNS rebinding watches", "GET", "/_local/watch", []string{"Host", rebound}, 403},
		{"DNS rebinding posts", "POST", "/_local/reset", []string{"Host", rebound, "Origin", "http://" + rebound}, 403},
		{"DNS rebinding sends an event", "POST", "/v1/events/batch", []string{"Host", rebound, "Origin", "http://" + rebound, "X-API-Key", "k"}, 403},
		{"another site posts a fault", "POST", "/_local/fault", []string{"Origin", "https://evil.example"}, 403},
		{"a sandboxed page posts a fault", "POST", "/_local/fault", []string{"Origin", "null"}, 403},
		{"another site resets", "POST", "/_local/reset", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another port of this machine resets", "POST", "/_local/reset", []string{"Origin", "http://localhost:3000"}, 403},
		{"another site reads as a script", "GET", "/_local/events", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403},
		{"another site sends an event", "POST", "/v1/events/batch", []string{"Origin", "https://evil.example", "X-API-Key", "k"}, 403},
		{"a name that only looks right", "GET", "/_local/events", []string{"Host", "localhost.evil.example" + port}, 403},

		{"a container sends an event", "POST", "/v1/events/batch", []string{"Host", "host.docker.internal" + port, "X-API-Key", "k"}, 200},
		{"a page under development sends an event", "POST", "/v1/events/batch", []string{"Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site", "X-API-Key", "k"}, 200},
	}
	for _, tt := range tests {
		body := "{}"
		if strings.HasPrefix(tt.path, "/v1/") {
			body = batch(plain(tt.name))
		}
		if tt.path == "/_local/watch" {
			body = ""
		}
		resp, text := s.do(tt.method, tt.path, body, tt.header...)
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %s %s, want %d", tt.name, resp.Status, text, tt.want)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: others may read the answer", tt.name)
		}
	}
	if got := s.records(""); len(got) != 2 {
		t.Errorf("%d events were taken, want 2", len(got))
	}
}

func TestBeyondLoopbackAnyNameWillDo(t *testing.T) {
	s := start(t, live.Options{})
	if resp, _ := s.do(http.MethodGet, "/_local/events", "", "Host", "gateway:8080"); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	if resp, _ := s.do(http.MethodPost, "/_local/reset", "", "Host", "gateway:8080", "Origin", "https://evil.example"); resp.StatusCode != http.StatusForbidden {
		t.Error(resp.Status)
	}
}

func TestThePageMayLoadNothingFromElsewhere(t *testing.T) {
	s := start(t, live.Options{})
	resp, page := s.do(http.MethodGet, "/", "")
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, file := range []string{"app.js", "charts.js", "detail.js", "dom.js", "faults.js", "gateway.js", "list.js", "source.js", "stream.js", "worker.js", "style.css", "icon.svg"} {
		resp, text := s.do(http.MethodGet, "/_local/page/"+file, "")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", file, resp.Status)
		}
		if strings.HasSuffix(file, ".js") && strings.Contains(text, "innerHTML") {
			t.Errorf("%s uses innerHTML", file)
		}
		page += text
	}
	for _, scheme := range []string{"https://", "url(http", `src="//`} {
		if strings.Contains(page, scheme) {
			t.Errorf("the page refers to %s", scheme)
		}
	}
	for _, path := range []string{"/_local/", "/_local/page/", "/_local/page/..%2f..%2flive.go", "/_local/nope"} {
		if resp, _ := s.do(http.MethodGet, path, ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestBehindAProxyThePageWorks(t *testing.T) {
	plain := start(t, live.Options{Loopback: true})
	named := start(t, live.Options{Loopback: true, Hosts: []string{"gw.example"}})
	tests := []struct {
		name   string
		site   *site
		path   string
		header []string
		want   int
	}{
		{"the page's script, by the proxy's origin", plain, "GET /_local/page/app.js", []string{"Origin", "http://gw.example"}, 200},
		{"the proxy passes its name on", plain, "POST /_local/fault", []string{"Origin", "http://gw.example", "X-Forwarded-Host", "gw.example"}, 200},
		{"the browser says that it is the page", plain, "POST /_local/fault", []string{"Origin", "https://gw.example", "Sec-Fetch-Site", "same-origin"}, 200},
		{"the Host is the proxy's", named, "GET /_local/events", []string{"Host", "gw.example"}, 200},
		{"with a port", named, "POST /_local/fault", []string{"Host", "gw.example:8443", "Origin", "https://gw.example:8443"}, 200},
		{"the Host is rewritten", named, "POST /_local/fault", []string{"Origin", "https://gw.example"}, 200},

		{"a name that is not given", plain, "GET /_local/events", []string{"Host", "gw.example"}, 403},
		{"another name than is given", named, "GET /_local/events", []string{"Host", "evil.example"}, 403},
		{"another site", named, "POST /_local/fault", []string{"Origin", "https://evil.example"}, 403},
		{"another site says that it is the proxy", plain, "POST /_local/fault", []string{"Origin", "https://evil.example", "X-Forwarded-Host", "gw.example"}, 403},
		{"another site from behind the proxy", named, "POST /_local/fault", []string{"Host", "gw.example", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"DNS rebinding with a forwarded name", plain, "POST /_local/reset", []string{"Host", "evil.example", "Origin", "http://evil.example", "X-Forwarded-Host", "evil.example"}, 403},
	}
	for _, tt := range tests {
		method, path, _ := strings.Cut(tt.path, " ")
		resp, text := tt.site.do(method, path, "{}", tt.header...)
		if resp.StatusCode != tt.want {
			t.Errorf("%s: %s %s, want %d", tt.name, resp.Status, text, tt.want)
		}
		if tt.want == 403 && !strings.Contains(text, "-host ") && !strings.Contains(text, "other sites") {
			t.Errorf("%s: it does not say what to do: %s", tt.name, text)
		}
	}
}
