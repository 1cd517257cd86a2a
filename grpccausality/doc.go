// Package grpccausality puts whom a call is about into the context of a gRPC
// server's handler, so that every event which is tracked or logged with that context
// says so:
//
//	package main
//
//	import (
//		"context"
//		"log"
//		"net"
//		"strings"
//
//		"google.golang.org/grpc"
//		"google.golang.org/grpc/metadata"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/grpccausality"
//	)
//
//	func identity(ctx context.Context) causality.Identity {
//		md, _ := metadata.FromIncomingContext(ctx)
//		return causality.Identity{UserID: strings.Join(md.Get("user"), "")}
//	}
//
//	func main() {
//		server := grpc.NewServer(
//			grpc.ChainUnaryInterceptor(grpccausality.UnaryServerInterceptor(identity)),
//			grpc.ChainStreamInterceptor(grpccausality.StreamServerInterceptor(identity)),
//		)
//		listener, err := net.Listen("tcp", ":8080")
//		if err != nil {
//			log.Fatal(err)
//		}
//		log.Print(server.Serve(listener))
//	}
package grpccausality
