package faults

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// Act plays one request to its end. It returns whether the connection may go
// on.
type Act func(x *Exchange) (keep bool)

// Exchange is one request while it is being played. One goroutine owns it.
type Exchange struct {
	// Body is what was read of the request's body.
	Body []byte

	gateway *Gateway
	name    string
	conn    net.Conn
	r       *bufio.Reader
	req     *http.Request
	record  *Seen         // guarded by the Gateway's lock
	gone    chan struct{} // closed when the client hangs up
	peeked  chan struct{} // closed when nobody reads r any more
}

// read reads n bytes of the body, or all of it if n is negative. Once all is
// read it watches for the client's hanging up.
func (x *Exchange) read(n int64) bool {
	if x.peeked != nil {
		return true // all is read
	}
	body := io.Reader(x.req.Body)
	if n >= 0 {
		body = io.LimitReader(body, n)
	}
	text, err := io.ReadAll(body)
	x.Body = text
	x.gateway.mu.Lock()
	x.record.Bytes = len(text)
	// One event a line, between a first and a last line.
	x.record.Events = max(0, bytes.Count(text, []byte("\n"))-1)
	x.gateway.mu.Unlock()
	if err != nil || n >= 0 {
		return err == nil
	}
	x.gone, x.peeked = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(x.peeked)
		// The next request, or the end of the connection.
		if _, err := x.r.Peek(1); err != nil {
			close(x.gone)
			x.gateway.mu.Lock()
			x.record.Gone = x.record.Status == 0
			x.gateway.mu.Unlock()
		}
	}()
	return true
}

// wait lets d pass; false means that the client hung up before.
func (x *Exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.gone:
		return false
	}
}

// write sends a whole response.
func (x *Exchange) write(response []byte) bool {
	status, _ := strconv.Atoi(strings.SplitN(string(response[:min(len(response), 20)])+"  ", " ", 3)[1])
	x.gateway.mu.Lock()
	x.record.Status = status
	x.gateway.mu.Unlock()
	_, err := x.conn.Write(response)
	return err == nil
}

// Accept does what the gateway does.
func Accept(x *Exchange) bool { return Answer(fakegateway.Accept())(x) }

// Answer gives an answer of the Recorder's.
func Answer(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		response := x.gateway.answer(x, a)
		return response != nil && x.write(response)
	}
}

// Status answers with a status code.
func Status(code int) Act { return Answer(fakegateway.Status(code)) }

// HangUp ends the connection before the body is read.
func HangUp(x *Exchange) bool {
	breakOff(x.conn)
	return false
}

// Deaf does not read the body, and hangs up after d.
func Deaf(d time.Duration) Act {
	return func(x *Exchange) bool {
		time.Sleep(d)
		return HangUp(x)
	}
}

// HangUpInside ends it in the middle of the body.
func HangUpInside(x *Exchange) bool {
	x.read(x.req.ContentLength / 2)
	breakOff(x.conn)
	return false
}

// HangUpAfter reads the request, lets the gateway have it with the given answer,
// and ends the connection instead of passing that on.
func HangUpAfter(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if x.read(-1) {
			x.gateway.answer(x, a)
		}
		breakOff(x.conn)
		return false
	}
}

// Silence reads the request, lets the gateway have it with the given answer, and
// never says a word.
func Silence(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if x.read(-1) {
			x.gateway.answer(x, a)
			<-x.gone
		}
		return false
	}
}

// nothing is an answer with which nothing is stored and no key is remembered.
func nothing() fakegateway.Answer { return fakegateway.Status(http.StatusServiceUnavailable) }

// Stall answers with the header of a 200 and never with its body.
func Stall(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		response := x.gateway.answer(x, a)
		head, _, _ := bytes.Cut(response, []byte("\r\n\r\n"))
		if _, err := x.conn.Write(append(head, "\r\n\r\n"...)); err == nil {
			<-x.gone
		}
		return false
	}
}

// Truncate answers with the first part of the reply and ends the connection.
func Truncate(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		response := x.gateway.answer(x, a)
		_, _ = x.conn.Write(response[:len(response)-len(response)/4])
		return false
	}
}

// Trickle answers byte by byte.
func Trickle(a fakegateway.Answer, every time.Duration) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		for _, c := range x.gateway.answer(x, a) {
			if _, err := x.conn.Write([]byte{c}); err != nil || !x.wait(every) {
				return false
			}
		}
		return true
	}
}

// Raw answers with just these bytes and ends the connection.
func Raw(text string) Act {
	return func(x *Exchange) bool {
		if x.read(-1) {
			_, _ = io.WriteString(x.conn, text)
		}
		return false
	}
}

// Reply answers 200 with a body of the fault's own, which may look at the real
// one that the answer gave.
func Reply(a fakegateway.Answer, change func(body string) string) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		_, body, _ := strings.Cut(string(x.gateway.answer(x, a)), "\r\n\r\n")
		body = change(body)
		return x.write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body))
	}
}

// Slow stores so many events a second, of this request or, if shared, of all
// requests together. When the client hangs up it stops where it is, with every
// key of the request marked as seen: that is the recorded defect.
func Slow(perSecond int, shared bool) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		fresh := x.gateway.fresh(x.Body)
		stored := 0
		if shared {
			for stored < fresh && x.waitTurn(time.Second/time.Duration(perSecond)) {
				stored++
			}
		} else {
			began := time.Now()
			stored = fresh
			if !x.wait(time.Duration(fresh) * time.Second / time.Duration(perSecond)) {
				stored = int(time.Since(began) * time.Duration(perSecond) / time.Second)
			}
		}
		if stored < fresh {
			x.gateway.answer(x, fakegateway.Accept().Storing(stored))
			return false
		}
		return x.write(x.gateway.answer(x, fakegateway.Accept()))
	}
}

// waitTurn waits until the gateway has time for one more event, and until that
// is done.
func (x *Exchange) waitTurn(d time.Duration) bool {
	select {
	case x.gateway.turn <- struct{}{}:
		defer func() { <-x.gateway.turn }()
		return x.wait(d)
	case <-x.gone:
		return false
	}
}

var keyOf = regexp.MustCompile(`"idempotency_key":"([^"]*)"`)

// fresh marks the keys of a body and returns how many of them are new: only
// those cost the gateway time.
func (g *Gateway) fresh(body []byte) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, key := range keyOf.FindAllSubmatch(body, -1) {
		if !g.keys[string(key[1])] {
			g.keys[string(key[1])] = true
			n++
		}
	}
	return n
}
