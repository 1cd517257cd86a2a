package live_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// TestItAnswersAsTheGatewayAlone sends the recorded requests to a gateway that
// is watched and to one that is not. That the latter answers as the real one
// does is tested in conformance.
func TestItAnswersAsTheGatewayAlone(t *testing.T) {
	for _, file := range []string{"../../../conformance/testdata/exchanges.jsonl", "../../../../shared/gateway/exchanges.jsonl"} {
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			t.Logf("left out: %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		watched, err := live.New(live.Options{})
		if err != nil {
			t.Fatal(err)
		}
		alone := gateway.New(gateway.WithAnyKey())
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		n := 0
		for lines.Scan() {
			var e struct {
				Group, Name string
				Request     struct {
					Method, Path string
					Headers      map[string]string
					Body         string
					BodyB64      string `json:"body_b64"`
				}
			}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			body := e.Request.Body
			if e.Request.BodyB64 != "" {
				raw, err := base64.StdEncoding.DecodeString(e.Request.BodyB64)
				if err != nil {
					t.Fatal(err)
				}
				body = string(raw)
			}
			answer := func(h http.Handler) *httptest.ResponseRecorder {
				req := httptest.NewRequest(e.Request.Method, e.Request.Path, strings.NewReader(body))
				for name, value := range e.Request.Headers {
					req.Header.Set(name, value)
				}
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, req)
				return rec
			}
			got, want := answer(watched), answer(alone)
			if got.Code != want.Code || !maps.EqualFunc(got.Header(), want.Header(), func(a, b []string) bool { return strings.Join(a, ",") == strings.Join(b, ",") }) {
				t.Errorf("%s/%s: %d %v, want %d %v", e.Group, e.Name, got.Code, got.Header(), want.Code, want.Header())
			}
			if a, b := anyUUID.ReplaceAllString(got.Body.String(), "ID"), anyUUID.ReplaceAllString(want.Body.String(), "ID"); a != b && !strings.Contains(want.Header().Get("Content-Type"), "protobuf") {
				t.Errorf("%s/%s: %.300s, want %.300s", e.Group, e.Name, a, b)
			}
			n++
		}
		if err := lines.Err(); err != nil || n == 0 {
			t.Fatalf("%s: %d requests, %v", file, n, err)
		}
		t.Logf("%s: %d requests", file, n)
	}
}
