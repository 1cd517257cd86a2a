module github.com/SebastienMelki/causality/sdk/go/conformance

go 1.24.0

require (
	github.com/SebastienMelki/causality/sdk/go v0.0.0
	github.com/SebastienMelki/causality/sdk/go/localgateway v0.0.0
	github.com/google/uuid v1.6.0
	github.com/rs/zerolog v1.35.1
	go.uber.org/zap v1.28.0
	google.golang.org/protobuf v1.36.11
)

require (
	buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go v1.36.11-20260209202127-80ab13bee0bf.1 // indirect
	buf.build/go/protovalidate v1.1.3 // indirect
	cel.dev/expr v0.25.1 // indirect
	github.com/antlr4-go/antlr/v4 v4.13.1 // indirect
	github.com/bufbuild/protocompile v0.14.1 // indirect
	github.com/google/cel-go v0.27.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	golang.org/x/exp v0.0.0-20251023183803-a4bb9ffd2546 // indirect
	golang.org/x/sync v0.17.0 // indirect
	golang.org/x/sys v0.37.0 // indirect
	golang.org/x/text v0.28.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20250811230008-5f3141c8851a // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20250811230008-5f3141c8851a // indirect
)

replace (
	github.com/SebastienMelki/causality/sdk/go => ../
	github.com/SebastienMelki/causality/sdk/go/localgateway => ../localgateway
)
