package sink

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
)

func TestCount(t *testing.T) {
	text := strings.Repeat(strings.Repeat("x", 1000)+purchase.Type+purchase.Type[:7]+purchase.Type, 200)
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, encoding string
		body           []byte
		reader         func(io.Reader) io.Reader
	}{
		{"as it comes", "", []byte(text), func(r io.Reader) io.Reader { return r }},
		{"byte by byte", "", []byte(text), iotest.OneByteReader},
		{"in odd pieces", "", []byte(text), iotest.HalfReader},
		{"compressed", "zstd", encoder.EncodeAll([]byte(text), nil), func(r io.Reader) io.Reader { return r }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", tt.reader(bytes.NewReader(tt.body)))
			r.Header.Set("Content-Encoding", tt.encoding)
			events, size, err := count(r)
			if events != 400 || size != len(tt.body) || err != nil {
				t.Errorf("%d events in %d bytes (%v), want 400 in %d", events, size, err, len(tt.body))
			}
		})
	}
}
