package causality_test

import (
	"encoding/json"
	"expvar"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestVarIsAnExpvarOfTheStats(t *testing.T) {
	client := newClient(t, newGateway(t))
	var v expvar.Var = client.Var()
	track(client, 0, 3)
	client.Track(causality.Event{})
	if got, want := v.String(), `{"tracked":4,"delivered":0,"dropped":{"queue_full":0,"invalid":1,"filtered":0,"disabled":0,"rejected":0,"closed":0},`; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	flush(t, client)
	var got causality.Stats
	if err := json.Unmarshal([]byte(v.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Delivered != 3 || got != client.Stats() {
		t.Errorf("got %+v, want %+v", got, client.Stats())
	}
}
