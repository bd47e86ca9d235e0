package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// A generator is Pulumi's own for one language.
type generator interface {
	// Returns the files of an SDK.
	generate(pkg *schema.Package, request *rpc.GeneratePackageRequest, loader schema.ReferenceLoader) (map[string][]byte, error)
	// Returns the files of a program, such as `pulumi import` prints.
	program(bound *pcl.Program) (map[string][]byte, hcl.Diagnostics, error)
}

// A generation is the part of a language host that writes code.
type generation struct {
	rpc.UnimplementedLanguageRuntimeServer
	generator
}

// A pythonGenerator writes code for the stand-in host of Python, which runs the programs.
type pythonGenerator struct{}

func (pythonGenerator) generate(
	pkg *schema.Package, request *rpc.GeneratePackageRequest, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return python.GeneratePackage("pulumi-language-python", pkg, request.ExtraFiles, loader)
}

func (pythonGenerator) program(bound *pcl.Program) (map[string][]byte, hcl.Diagnostics, error) {
	return python.GenerateProgram(bound)
}

func (g *generation) GeneratePackage(
	_ context.Context, request *rpc.GeneratePackageRequest,
) (*rpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	pkg, problems, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if problems.HasErrors() {
		return nil, problems
	}
	files, err := g.generate(pkg, request, loader)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		path := filepath.Join(request.Directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return nil, err
		}
	}
	return &rpc.GeneratePackageResponse{}, nil
}

func (g *generation) GenerateProgram(
	_ context.Context, request *rpc.GenerateProgramRequest,
) (*rpc.GenerateProgramResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	parser := syntax.NewParser()
	for path, text := range request.Source {
		if err := parser.ParseFile(strings.NewReader(text), path); err != nil {
			return nil, err
		}
		if parser.Diagnostics.HasErrors() {
			return nil, parser.Diagnostics
		}
	}
	var options []pcl.BindOption
	if !request.Strict {
		options = pcl.NonStrictBindOptions()
	}
	bound, problems, err := pcl.BindProgram(parser.Files, schema.NewCachedLoader(loader), options...)
	if err != nil {
		return nil, err
	}
	response := &rpc.GenerateProgramResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(problems)}
	if problems.HasErrors() {
		return response, nil
	}
	files, problems, err := g.program(bound)
	if err != nil {
		return nil, err
	}
	response.Source = files
	response.Diagnostics = append(response.Diagnostics, plugin.HclDiagnosticsToRPCDiagnostics(problems)...)
	return response, nil
}
