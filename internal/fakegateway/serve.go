package fakegateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// call is a request while it is being answered. One goroutine owns it; its
// record is shared and written under the Gateway's lock.
type call struct {
	ctx    context.Context
	method string
	url    *url.URL
	header http.Header
	length int64 // of the body, as announced; -1 if it was not
	body   []byte
	// bodyErr is why the body could not be read to its end.
	bodyErr error
	// direct: there is no network between the client and the Gateway.
	direct bool
	record *Request
}

// What a client sees of a broken connection.
var (
	errBroken      = &net.OpError{Op: "write", Net: "tcp", Err: io.ErrUnexpectedEOF}
	errBrokenAfter = &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
)

// RoundTrip implements [http.RoundTripper]: it answers req without a network.
func (g *Gateway) RoundTrip(req *http.Request) (*http.Response, error) {
	body := req.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	c := &call{ctx: req.Context(), method: req.Method, url: req.URL, header: req.Header, length: req.ContentLength, direct: true}
	if c.method == "" {
		c.method = http.MethodGet
	}
	rep, err := g.answer(c, http.MaxBytesReader(nil, body, maxBodyBytes))
	if err != nil {
		return nil, err
	}
	res := &http.Response{
		Status:        strconv.Itoa(rep.status) + " " + http.StatusText(rep.status),
		StatusCode:    rep.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        make(http.Header),
		ContentLength: int64(len(rep.body)),
		Body:          http.NoBody,
		Request:       req,
	}
	if rep.header != nil {
		res.Header = rep.header.Clone()
	}
	res.Header.Set("Content-Length", strconv.Itoa(len(rep.body)))
	if c.method != http.MethodHead {
		res.Body = io.NopCloser(bytes.NewReader(rep.body))
	}
	return res, nil
}

// ServeHTTP implements [http.Handler]. A scripted [Break] drops the TCP
// connection by panicking with [http.ErrAbortHandler], which net/http's server
// expects.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c := &call{ctx: req.Context(), method: req.Method, url: req.URL, header: req.Header, length: req.ContentLength}
	rep, err := g.answer(c, http.MaxBytesReader(w, req.Body, maxBodyBytes))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, values := range rep.header {
		header[name] = append([]string(nil), values...)
	}
	w.WriteHeader(rep.status)
	if c.method != http.MethodHead {
		_, _ = w.Write(rep.body) // a client that is gone needs no answer
	}
}

// answer plays one request: the script's answer or, by default, the gateway's.
// An error means that there is no answer: the connection breaks.
func (g *Gateway) answer(c *call, body io.Reader) (reply, error) {
	a := g.begin(c)
	if a.act == breakAct && a.choose == nil {
		return reply{}, errBroken
	}
	c.readBody(body)
	g.mu.Lock()
	c.record.Body = c.body
	g.mu.Unlock()
	if c.direct && c.bodyErr != nil && !errors.As(c.bodyErr, new(*http.MaxBytesError)) {
		return reply{}, c.bodyErr // the client's own failure, which no gateway answers
	}
	for a.choose != nil {
		choose := a.choose
		// Nobody else writes to the record until there is an answer.
		if !g.call(func() { a = choose(c.record.clone()) }) {
			return reply{}, errBrokenAfter
		}
	}
	rep, err := g.perform(c, a)
	if err != nil {
		return reply{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.record.Status, c.record.Reply = rep.status, rep.body
	return rep, nil
}

func (c *call) readBody(body io.Reader) {
	var buf bytes.Buffer
	if 0 < c.length && c.length <= maxBodyBytes {
		buf.Grow(int(c.length) + bytes.MinRead)
	}
	_, c.bodyErr = buf.ReadFrom(body)
	c.body = buf.Bytes()
}

// begin records that a request has arrived and takes its answer from the
// script.
func (g *Gateway) begin(c *call) Answer {
	c.record = &Request{Time: time.Now(), Method: c.method, Path: c.url.Path, Header: c.header.Clone()}
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.always
	if len(g.script) > 0 {
		a, g.script = g.script[0], g.script[1:]
	}
	g.requests = append(g.requests, c.record)
	g.notify()
	return a
}

// perform carries out an answer to a request whose body was read.
func (g *Gateway) perform(c *call, a Answer) (reply, error) {
	var own reply
	var ok bool
	if a.storing {
		if own, ok = g.gateway(c, a); !ok {
			return reply{}, errBrokenAfter
		}
	}
	if a.delay > 0 {
		timer := time.NewTimer(a.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			return reply{}, c.ctx.Err()
		}
	}
	switch a.act {
	case breakAct:
		return reply{}, errBroken
	case breakAfterAct:
		return reply{}, errBrokenAfter
	case hangAct:
		<-c.ctx.Done()
		return reply{}, c.ctx.Err()
	case replyAct:
		return a.reply, nil
	}
	if !a.storing {
		if own, ok = g.gateway(c, a); !ok {
			return reply{}, errBrokenAfter
		}
	}
	return own, nil
}

// gateway does what the gateway does with a request, and returns its reply, unless
// the test's function ended.
func (g *Gateway) gateway(c *call, a Answer) (own reply, ok bool) {
	if refusal, ok := g.admit(c); !ok {
		return refusal, true
	}
	events, refusal, ok := read(c)
	if !ok {
		return refusal, true
	}
	limit := len(events)
	if a.storing {
		limit = a.limit
	}
	var reasons []string
	if a.reject != nil {
		reasons = make([]string, len(events))
		if !g.call(func() {
			for i := range events {
				reasons[i] = a.reject(events[i].decode(string(events[i].key)))
			}
		}) {
			return reply{}, false
		}
	}
	return g.settle(c, events, reasons, limit), true
}

// call calls a function of the test's and reports whether it returned. It does not
// if it called t.Fatal, which ends its goroutine: so it has one of its own, and
// the request does not wait for it for ever. The test has failed then, and all
// later requests are accepted, so that the client can be closed.
func (g *Gateway) call(f func()) (returned bool) {
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		f()
		returned = true
	}()
	<-done
	switch {
	case panicked != nil:
		panic(panicked)
	case !returned:
		g.mu.Lock()
		defer g.mu.Unlock()
		g.script, g.always = nil, Accept()
	}
	return returned
}
