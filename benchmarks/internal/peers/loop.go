package peers

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Loop is the ceiling: what any client must spend that sends these bytes. It
// appends each event as it is, checks nothing, and posts batches of the given
// size one after the other. It has no queue, no locks and no goroutine.
func Loop(batch int) Library {
	return Library{"loop-" + strconv.Itoa(batch), func(url string) (Sender, error) {
		host, _ := os.Hostname()
		l := &loop{url: url + "/v1/events/batch", batch: batch, host: host}
		return Sender{Track: l.track, Wait: noWait, Close: l.post}, nil
	}}
}

type loop struct {
	url, host     string
	batch, events int
	body          []byte
	client        http.Client
}

func (l *loop) track() {
	b := l.body
	if l.events == 0 {
		b = append(b[:0], "{\"events\":[\n"...)
	} else {
		b = append(b, ",\n"...)
	}
	b = appendUUID(append(b, `{"id":"`...))
	b = appendUUID(append(b, `","idempotency_key":"`...))
	b = append(append(b, `","app_id":"checkout","device_id":"`...), l.host...)
	b = strconv.AppendInt(append(b, `","timestamp_ms":`...), time.Now().UnixMilli(), 10)
	b = append(b, `,"device_context":{"os_version":"`+runtime.GOOS+"/"+runtime.GOARCH+`","sdk_version":"go/`+causality.SDKVersion+`"},"custom_event":{"event_name":"`+purchase.Type+
		`","string_params":{"order_id":"`+purchase.OrderID+`","cart_id":"`+purchase.Cart+`","payment_method":"`+purchase.Method+`","currency":"`+purchase.Coin+
		`","user_id":"`+purchase.UserID+`","_server_hostname":"`...)
	b = append(append(b, l.host...), `","_server_go_version":"`...)
	b = append(append(b, runtime.Version()...), `","_server_sdk_version":"`+causality.SDKVersion+`"},"int_params":{"total_cents":`...)
	b = strconv.AppendInt(b, purchase.Cents, 10)
	b = strconv.AppendInt(append(b, `,"item_count":`...), purchase.Items, 10)
	l.body = append(b, `}}}`...)
	if l.events++; l.events == l.batch {
		l.post()
	}
}

func appendUUID(b []byte) []byte {
	var id [16]byte
	_, _ = rand.Read(id[:])
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:])
}

func (l *loop) post() {
	if l.events == 0 {
		return
	}
	l.events = 0
	l.body = append(l.body, "\n]}"...)
	resp, err := l.client.Post(l.url, "application/json", bytes.NewReader(l.body))
	if err != nil {
		return // the events count as lost
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}
