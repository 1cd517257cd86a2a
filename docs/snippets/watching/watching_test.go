package watching

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// three returns a client that has delivered two events and dropped one.
func three(t *testing.T) *causality.Client {
	t.Helper()
	client, _ := causalitytest.New(t, causalitytest.AllowDrops(causality.DropInvalid))
	client.Track(causality.Event{EventType: "a"})
	client.Track(causality.Event{EventType: "b"})
	client.Track(causality.Event{})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	return client
}

func get(t *testing.T, mux http.Handler, path string) string {
	t.Helper()
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	body, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatal(rec.Code, err)
	}
	return string(body)
}

func TestExpvar(t *testing.T) {
	mux := http.NewServeMux()
	withExpvar(three(t), mux)
	var vars struct{ Causality causality.Stats }
	if err := json.Unmarshal([]byte(get(t, mux, "/debug/vars")), &vars); err != nil {
		t.Fatal(err)
	}
	if s := vars.Causality; s.Tracked != 3 || s.Delivered != 2 || s.Dropped.Invalid != 1 {
		t.Errorf("%+v", s)
	}
}
