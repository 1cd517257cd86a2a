package grpccausality

import (
	"context"

	"google.golang.org/grpc"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/identify"
)

// UnaryServerInterceptor returns an interceptor that calls identity once for each
// call, with the context that has the incoming metadata, and gives the handler a
// context that carries the answer, as [causality.ContextWithIdentity] does. A field
// that identity leaves empty keeps what an outer interceptor has set. Chain it behind
// the interceptor that authenticates.
//
// If identity panics, the call is served without its answer, and slog.Default gets
// an Error line, at most one every 10 seconds. UnaryServerInterceptor itself panics
// if identity is nil.
func UnaryServerInterceptor(identity func(context.Context) causality.Identity) grpc.UnaryServerInterceptor {
	asker := identify.New("grpccausality.UnaryServerInterceptor", identity)
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, _ = asker.Context(ctx, ctx)
		return handler(ctx, req)
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for streams: identity is
// called once, when the stream begins.
func StreamServerInterceptor(identity func(context.Context) causality.Identity) grpc.StreamServerInterceptor {
	asker := identify.New("grpccausality.StreamServerInterceptor", identity)
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if ctx, ok := asker.Context(stream.Context(), stream.Context()); ok {
			stream = &identifiedStream{stream, ctx}
		}
		return handler(srv, stream)
	}
}

// identifiedStream is a stream with another context.
type identifiedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *identifiedStream) Context() context.Context { return s.ctx }
