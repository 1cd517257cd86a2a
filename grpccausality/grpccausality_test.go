package grpccausality_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/grpccausality"
)

// healthServer is a service with a unary and a streaming call; seen gets the
// identity of each call's context.
type healthServer struct {
	*health.Server
	seen chan causality.Identity
}

func (s *healthServer) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	s.seen <- causality.IdentityFromContext(ctx)
	return s.Server.Check(ctx, req)
}

func (s *healthServer) Watch(_ *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	s.seen <- causality.IdentityFromContext(stream.Context())
	return stream.Send(&healthpb.HealthCheckResponse{})
}

func serve(t testing.TB, options ...grpc.ServerOption) (healthpb.HealthClient, *healthServer) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(options...)
	service := &healthServer{health.NewServer(), make(chan causality.Identity, 1)}
	healthpb.RegisterHealthServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return healthpb.NewHealthClient(conn), service
}

// snippet: identity
func identity(ctx context.Context) causality.Identity {
	md, _ := metadata.FromIncomingContext(ctx)
	return causality.Identity{UserID: strings.Join(md.Get("user"), ""), CorrelationID: strings.Join(md.Get("x-request-id"), "")}
}

// end snippet

func session(context.Context) causality.Identity { return causality.Identity{SessionID: "s-9"} }

func panics(context.Context) causality.Identity { panic("no session") }

func TestInterceptors_IdentifyEachCall(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.DiscardHandler))

	client, service := serve(t,
		grpc.ChainUnaryInterceptor(grpccausality.UnaryServerInterceptor(session), grpccausality.UnaryServerInterceptor(panics), grpccausality.UnaryServerInterceptor(identity)),
		grpc.ChainStreamInterceptor(grpccausality.StreamServerInterceptor(session), grpccausality.StreamServerInterceptor(panics), grpccausality.StreamServerInterceptor(identity)))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "user", "u-1", "x-request-id", "req-7")
	want := causality.Identity{UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}

	if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := <-service.seen; got != want {
		t.Errorf("the unary call has %+v, want %+v", got, want)
	}
	stream, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if got := <-service.seen; got != want {
		t.Errorf("the stream has %+v, want %+v", got, want)
	}
}

func Example() {
	// snippet: server
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(grpccausality.UnaryServerInterceptor(identity)),
		grpc.ChainStreamInterceptor(grpccausality.StreamServerInterceptor(identity)),
	)
	// end snippet
	server.Stop()

	handler := func(ctx context.Context, _ any) (any, error) {
		return causality.IdentityFromContext(ctx).UserID, nil
	}
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("user", "u-1"))
	fmt.Println(grpccausality.UnaryServerInterceptor(identity)(ctx, nil, nil, handler))
	// Output: u-1 <nil>
}
