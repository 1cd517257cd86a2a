// Package proto holds the gateway's messages as a .proto source, and compiles
// it: nothing here needs protoc.
package proto

import (
	"context"
	_ "embed" // for causality.proto
	"fmt"

	// Its init registers buf/validate/validate.proto, which ours imports.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

//go:generate go run ./generate

// file is the name under which the source is compiled.
const file = "causality.proto"

//go:embed causality.proto
var source string

// Compile compiles causality.proto, with its comments. The descriptors are of the
// protobuf runtime's own kind: protocompile's would do too, but their rules are
// dynamic messages and their look-ups slower.
func Compile() (protoreflect.FileDescriptor, error) {
	registered := protocompile.ResolverFunc(func(name string) (protocompile.SearchResult, error) {
		fd, err := protoregistry.GlobalFiles.FindFileByPath(name)
		return protocompile.SearchResult{Desc: fd}, err
	})
	compiler := protocompile.Compiler{
		SourceInfoMode: protocompile.SourceInfoStandard,
		Resolver: protocompile.CompositeResolver{
			&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{file: source})},
			registered,
		},
	}
	compiled, err := compiler.Compile(context.Background(), file)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", file, err)
	}
	wire, err := proto.Marshal(protodesc.ToFileDescriptorProto(compiled[0]))
	if err != nil {
		return nil, err
	}
	var own descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(wire, &own); err != nil {
		return nil, err
	}
	return protodesc.NewFile(&own, protoregistry.GlobalFiles)
}
