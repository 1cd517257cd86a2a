package live

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

const (
	// The memory of all bodies that are being read or decoded. A body takes of
	// it what has arrived, so one that trickles in costs little.
	maxBodyBytes = 384 << 20
	// The part that only the beginning of a body may use. Large bodies that
	// stop half way cannot keep an ordinary request waiting.
	ordinaryBodyBytes = 1 << 20
	ordinaryReserve   = 128 << 20

	firstBodyBuffer = 16 << 10
)

// budget is a number of bytes that bodies share.
type budget struct {
	mu       sync.Mutex
	used     int
	released chan struct{} // closed when bytes are given back
}

func newBudget() *budget { return &budget{released: make(chan struct{})} }

// take waits until a body that has held bytes may have more. It fails when ctx
// ends.
func (b *budget) take(ctx context.Context, held, more int) error {
	limit := maxBodyBytes
	if held+more > ordinaryBodyBytes {
		limit -= ordinaryReserve
	}
	for {
		b.mu.Lock()
		if b.used+more <= limit {
			b.used += more
			b.mu.Unlock()
			return nil
		}
		released := b.released
		b.mu.Unlock()
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	close(b.released)
	b.released = make(chan struct{})
}

// requestBody is a body that was read, and how the reading ended.
type requestBody struct {
	bytes  []byte
	err    error
	budget *budget
}

// readBody reads a request's body and takes its bytes from the budget; release
// gives them back. It returns false when the client is gone.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (*requestBody, bool) {
	body := &requestBody{budget: s.bodies}
	in := http.MaxBytesReader(w, r.Body, gateway.DefaultMaxBody)
	for {
		if len(body.bytes) == cap(body.bytes) {
			more := max(firstBodyBuffer, cap(body.bytes))
			if s.bodies.take(r.Context(), cap(body.bytes), more) != nil {
				body.release()
				return nil, false
			}
			grown := make([]byte, len(body.bytes), cap(body.bytes)+more)
			copy(grown, body.bytes)
			body.bytes = grown
		}
		n, err := in.Read(body.bytes[len(body.bytes):cap(body.bytes)])
		body.bytes = body.bytes[:len(body.bytes)+n]
		if err == io.EOF {
			return body, true
		}
		if err != nil {
			body.err = err
			return body, true
		}
	}
}

func (b *requestBody) release() {
	b.budget.give(cap(b.bytes))
	b.bytes = nil
}

func (b *requestBody) tooLarge() bool {
	return errors.As(b.err, new(*http.MaxBytesError))
}

// again gives the body to the gateway, which must meet the same end.
func (b *requestBody) again() io.ReadCloser {
	end := b.err
	if end == nil {
		end = io.EOF
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(b.bytes), failing{end}))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
