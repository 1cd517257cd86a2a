// Localgateway is the Causality gateway on a developer's machine. It accepts and
// refuses what the real one does and shows it on a page while it happens.
//
//	go run -C localgateway .           # then open http://127.0.0.1:8080
//	go run -C localgateway . tail      # the same in a terminal
//	go run -C localgateway . -h
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

const (
	defaultAddr   = "127.0.0.1:8080"
	shutdownLimit = 5 * time.Second

	// WSAEADDRINUSE, which package syscall does not name; elsewhere no error has
	// this number.
	windowsAddressInUse = syscall.Errno(10048)

	// The key that the start-up text gives; any other will do.
	sampleKey = "00000000000000000000000000000000000000000000000000000000000010ca"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "localgateway:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "tail" {
		return tail(ctx, args[1:], stdout, stderr)
	}
	set, err := parse(args, stderr)
	if err != nil {
		return err
	}
	return serve(ctx, set, stdout, stderr)
}

// settings are the flags.
type settings struct {
	addr, key, db string
	hosts         []string
	fault         live.Fault
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var set settings
	var slow, retryAfter time.Duration
	flags := flag.NewFlagSet("localgateway", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "A Causality gateway on this machine, with a live page.\n\n"+
			"\tgo run -C localgateway . [flags]\n\tgo run -C localgateway . tail [flags]\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&set.addr, "addr", defaultAddr, "listen on `host:port`")
	flags.StringVar(&set.key, "key", "", "accept only this API `key` (default: any)")
	flags.StringVar(&set.db, "db", "", "write stored events to this SQLite `file`, and list what it holds at the start (default: keep the newest 10 000 in memory only)")
	flags.Func("host", "let browsers reach the page under this further `name`, such as that of a proxy; may be repeated", func(name string) error {
		if name == "" || strings.ContainsAny(name, "/:") {
			return errors.New("it must be a name without scheme, port and path")
		}
		set.hosts = append(set.hosts, name)
		return nil
	})
	flags.StringVar(&set.fault.Answer, "answer", "", "fault: answer each request with `one of` 503, 429, 401, hang, drop")
	flags.DurationVar(&retryAfter, "retry-after", 0, "fault: with -answer 503 or 429, the Retry-After header as a `duration` in whole seconds")
	flags.DurationVar(&slow, "slow", 0, "fault: delay each answer by this `duration`")
	flags.IntVar(&set.fault.RefuseOneIn, "refuse-one-in", 0, "fault: reject every `n`-th event")
	flags.BoolVar(&set.fault.ForgetKeys, "forget-keys", false, "fault: remember no idempotency keys, so that an event sent twice is stored twice")
	if err := flags.Parse(args); err != nil {
		return set, err
	}
	if flags.NArg() > 0 {
		return set, fmt.Errorf("what is %q? The only command is tail; see -h for the flags", flags.Arg(0))
	}
	set.fault.RetryAfter = int(retryAfter / time.Second)
	set.fault.Slow = int(slow / time.Millisecond)
	return set, nil
}

func serve(ctx context.Context, set settings, stdout, stderr io.Writer) (err error) {
	listener, err := listen(set.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	address := listener.Addr().(*net.TCPAddr)

	options := live.Options{Key: set.key, Fault: set.fault, Hosts: set.hosts, Loopback: address.IP.IsLoopback()}
	if set.db != "" {
		// go run -C runs elsewhere than it was called: say where the file is.
		if set.db, err = filepath.Abs(set.db); err != nil {
			return err
		}
		if options.Table, err = live.OpenTable(set.db); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, options.Table.Close()) }()
		options.Table.Notify = func(text string) { fmt.Fprintln(stderr, "localgateway:", text) }
	}
	gateway, err := live.New(options)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: gateway,
		// gateway: a request is read for at most 10 s and answered within 30.
		ReadTimeout:    10 * time.Second,
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    60 * time.Second,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       log.New(stderr, "localgateway: ", 0),
	}
	server.RegisterOnShutdown(gateway.Close)
	greet(stdout, address, set, options.Table, gateway.Len())

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// What is under way is answered; streams and hanging requests end.
	limit, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsAddressInUse) {
		host, port, _ := net.SplitHostPort(addr)
		other := "8081"
		if port == other {
			other = "8082"
		}
		return nil, fmt.Errorf("%s is in use, perhaps by another local gateway: open http://%s to see, stop what is there, or choose another port with -addr %s",
			addr, net.JoinHostPort(cmp.Or(host, "localhost"), port), net.JoinHostPort(host, other))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w; -addr takes host:port, such as %s", err, defaultAddr)
	}
	return listener, nil
}

// greet says where the page is and what a service needs.
func greet(w io.Writer, address *net.TCPAddr, set settings, table *live.Table, loaded int) {
	base := baseURL(address)
	key := set.key
	if key == "" {
		key = sampleKey
	}
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("")
	line("  Causality, the gateway on your machine")
	line("")
	line("  Watch   %s", base)
	switch {
	case table == nil:
		line("  Keeps   the newest 10 000 events, in memory")
	case loaded < table.Rows():
		line("  Keeps   all stored events in %s, table events (%d are there; the newest %d are listed)", set.db, table.Rows(), loaded)
	default:
		line("  Keeps   all stored events in %s, table events (%d are there)", set.db, table.Rows())
	}
	if on := set.fault.String(); on != "" {
		line("  Fault   %s", on)
	}
	if !address.IP.IsLoopback() {
		line("  Beware  anybody who can reach this address can read the events; without -addr only this machine can")
	}
	line("")
	line("  Paste where your service starts:")
	line("")
	line("    export CAUSALITY_ENDPOINT=%s", base)
	line("    export CAUSALITY_API_KEY=%s", key)
	line("    export CAUSALITY_APP_ID=my-app")
	line("")
	line("  Events are sent in batches, at the latest after 30 s. To see each at once, also:")
	line("")
	line("    export CAUSALITY_FLUSH_INTERVAL=100ms")
	line("")
	line("  Ctrl-C stops it.")
	line("")
}

// baseURL is where a browser on this machine finds the page.
func baseURL(address *net.TCPAddr) string {
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(strings.TrimSpace(host), fmt.Sprint(address.Port))
}
