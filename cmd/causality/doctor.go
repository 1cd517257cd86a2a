package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// errUnwell is what doctor returns when a check fails: what to do is printed.
var errUnwell = errors.New("events do not arrive with this configuration")

// A finding is the outcome of one check.
type finding struct {
	check string
	what  string
	fix   string // what to do about it
	isBad bool
}

func good(check, what string) finding     { return finding{check: check, what: what} }
func bad(check, what, fix string) finding { return finding{check, what, fix, true} }

// doctor checks, in the order in which a request would fail, and prints what it finds.
func doctor(ctx context.Context, out io.Writer) error {
	cfg := causality.ConfigFromEnv()
	findings, ok := checkConfig(cfg)
	if ok {
		findings = append(findings, checkGateway(ctx, cfg)...)
	}
	unwell := false
	for _, f := range findings {
		verdict := "ok"
		if f.isBad {
			verdict, unwell = "FAIL", true
		}
		fmt.Fprintf(out, "%-8s  %-4s  %s\n", f.check, verdict, f.what)
		if f.fix != "" {
			fmt.Fprintf(out, "%-8s        %s\n", "", f.fix)
		}
	}
	if unwell {
		return errUnwell
	}
	return nil
}

// checkConfig reports whether a client can be made that sends. It has one finding for
// each mistake that New names.
func checkConfig(cfg causality.Config) (findings []finding, ok bool) {
	cfg.Logger = slog.New(slog.DiscardHandler)
	client, err := causality.New(cfg)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			what, fix, _ := strings.Cut(strings.TrimSpace(line), "; ")
			if strings.TrimSpace(line) == causality.ErrNotConfigured.Error() {
				what, fix = notConfigured, configure
			}
			findings = append(findings, bad("config", strings.TrimPrefix(strings.TrimPrefix(what, "causality: "), "Config: "), fix))
		}
		return findings, false
	}
	_ = client.Close()
	switch {
	case cfg.Disabled:
		return []finding{bad("config", "CAUSALITY_DISABLED is set, so nothing is sent", "unset it")}, false
	case cfg.DryRun != nil:
		return []finding{bad("config", "CAUSALITY_DRY_RUN is set, so events are printed and not sent", "unset it")}, false
	}
	return []finding{good("config", "app "+cfg.AppID+", endpoint "+withoutSecrets(cfg.Endpoint))}, true
}

// withoutSecrets is an endpoint without a query, which may hold a token.
func withoutSecrets(endpoint string) string {
	bare, _, _ := strings.Cut(endpoint, "?")
	return bare
}

// checkGateway makes one request that can store nothing, because it has no events, and
// reads from the answer how far it came.
//
// gateway: the key is checked before path, method and body, and a request without
// events is a 400 with violations.
func checkGateway(ctx context.Context, cfg causality.Config) []finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	address := strings.TrimRight(cfg.Endpoint, "/") + "/v1/events/batch"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(`{"events":[]}`))
	if err != nil {
		return []finding{bad("gateway", err.Error(), "correct CAUSALITY_ENDPOINT")}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", cfg.APIKey)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err // without the address, which may hold a secret
		}
		return []finding{bad("gateway", err.Error(), "check the address in CAUSALITY_ENDPOINT, the name server, the firewall, the proxy (HTTPS_PROXY) and the certificate")}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	took := time.Since(start)
	if err != nil {
		return []finding{bad("gateway", "the answer broke off: "+err.Error(), "try again; look for a proxy in between")}
	}
	findings := append([]finding{good("gateway", fmt.Sprintf("answers in %v", took.Round(time.Millisecond)))}, checkAnswer(resp, body)...)
	return append(findings, checkClock(resp, start.Add(took/2))...)
}

// checkAnswer says what the answer means for the endpoint and the key.
func checkAnswer(resp *http.Response, body []byte) []finding {
	answered := resp.Status + ": " + firstLine(body)
	var violations struct{ Violations []any }
	isGateway := json.Unmarshal(body, &violations) == nil && len(violations.Violations) > 0
	switch code := resp.StatusCode; {
	case code == http.StatusBadRequest && isGateway, code == http.StatusTooManyRequests:
		return []finding{good("key", "accepted")}
	case code == http.StatusUnauthorized:
		return []finding{bad("key", "refused, "+answered, "check CAUSALITY_API_KEY: 64 hex digits, not revoked. A gateway whose database is down answers so too")}
	case code >= 300 && code < 400:
		return []finding{bad("endpoint", "redirects to "+resp.Header.Get("Location"), "set CAUSALITY_ENDPOINT to where that leads, without /v1/events/batch; the client follows no redirect")}
	case code >= 500:
		return []finding{bad("gateway", "is not well, "+answered, "events wait and are sent when it is; look at the gateway's log")}
	}
	return []finding{bad("endpoint", "does not answer like the gateway, "+answered, "check CAUSALITY_ENDPOINT: it is the gateway's address, without /v1/events/batch")}
}

// maxClockError is more than a request takes, and too little to matter to an analyst.
const maxClockError = time.Minute

// checkClock compares the gateway's clock, which it shows in whole seconds, with ours
// at the same moment.
func checkClock(resp *http.Response, at time.Time) []finding {
	gateway, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return nil // it does not say
	}
	ahead := at.Sub(gateway)
	if ahead.Abs() <= maxClockError {
		return []finding{good("clock", "agrees with the gateway's")}
	}
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	return []finding{bad("clock", fmt.Sprintf("is %v %s the gateway's, and so are the times of events", ahead.Abs().Round(time.Second), side), "set this machine's clock (NTP)")}
}

func firstLine(body []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	if len(line) > 200 {
		line = append(line[:200:200], "…"...)
	}
	return string(line)
}
