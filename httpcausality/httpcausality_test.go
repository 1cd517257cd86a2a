package httpcausality_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
)

func request(user, session string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-User", user)
	r.Header.Set("X-Session", session)
	return r
}

func byUser(r *http.Request) causality.Identity {
	return causality.Identity{UserID: r.Header.Get("X-User")}
}

func bySession(r *http.Request) causality.Identity {
	return causality.Identity{SessionID: r.Header.Get("X-Session")}
}

func TestMiddleware_IdentifiesEachRequest(t *testing.T) {
	var got causality.Identity
	handler := httpcausality.Middleware(byUser)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = causality.IdentityFromContext(r.Context())
	}))
	for _, user := range []string{"u-1", "", "u-2"} {
		handler.ServeHTTP(httptest.NewRecorder(), request(user, ""))
		if want := (causality.Identity{UserID: user}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestMiddleware_AddsToAnOuterOne(t *testing.T) {
	var got causality.Identity
	inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = causality.IdentityFromContext(r.Context()) })
	handler := httpcausality.Middleware(bySession)(httpcausality.Middleware(byUser)(inner))
	handler.ServeHTTP(httptest.NewRecorder(), request("u-1", "s-9"))
	if want := (causality.Identity{UserID: "u-1", SessionID: "s-9"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMiddleware_PassesOnTheResponseWriterItself(t *testing.T) {
	w := httptest.NewRecorder()
	handler := httpcausality.Middleware(byUser)(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		if got != http.ResponseWriter(w) {
			t.Errorf("the handler got another ResponseWriter, a %T", got)
		}
	}))
	handler.ServeHTTP(w, request("u-1", ""))
}

func TestMiddleware_ServesARequestWithoutIdentityAsItIs(t *testing.T) {
	r := request("", "")
	handler := httpcausality.Middleware(byUser)(http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) {
		if got != r {
			t.Error("the handler got another request")
		}
	}))
	handler.ServeHTTP(httptest.NewRecorder(), r)
}

func TestMiddleware_APanicCostsTheIdentityAlone(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.DiscardHandler))

	panics := func(r *http.Request) causality.Identity { panic("no session") }
	server := httptest.NewServer(httpcausality.Middleware(bySession)(httpcausality.Middleware(panics)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, causality.IdentityFromContext(r.Context()).SessionID)
	}))))
	defer server.Close()
	r := request("", "s-9")
	req, err := http.NewRequest(http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = r.Header
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "s-9" || err != nil {
		t.Errorf("the request was answered with %q, %v", body, err)
	}
}

func TestMiddleware_PanicsWithoutAFunction(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it did not")
		}
	}()
	httpcausality.Middleware(nil)
}
