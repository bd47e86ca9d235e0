package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type golang struct{}

func (golang) command(ctx context.Context, run *rpc.RunRequest, engine string) (*exec.Cmd, func(), error) {
	folder, err := os.MkdirTemp("", "pulumi-go-")
	if err != nil {
		return nil, nil, err
	}
	done := func() { os.RemoveAll(folder) }
	built := filepath.Join(folder, "program")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", built, "./"+run.Info.EntryPoint)
	build.Dir = run.Info.ProgramDirectory
	if _, err := output(build); err != nil {
		done()
		return nil, nil, err
	}
	program := exec.CommandContext(ctx, built, run.Args...)
	program.Env = append(os.Environ(),
		"PULUMI_ORGANIZATION="+run.Organization,
		"PULUMI_PROJECT="+run.Project,
		"PULUMI_ROOT_DIRECTORY="+run.Info.RootDirectory,
		"PULUMI_STACK="+run.Stack,
		"PULUMI_DRY_RUN="+strconv.FormatBool(run.DryRun),
		"PULUMI_PARALLEL="+strconv.Itoa(int(run.Parallel)),
		"PULUMI_MONITOR="+run.MonitorAddress,
		"PULUMI_ENGINE="+engine,
	)
	return program, done, nil
}

func (golang) generate(
	pkg *schema.Package, request *rpc.GeneratePackageRequest, _ schema.ReferenceLoader,
) (map[string][]byte, error) {
	return codegen.GeneratePackage("pulumi-language-go", pkg, request.LocalDependencies)
}

func (golang) program(bound *pcl.Program) (map[string][]byte, hcl.Diagnostics, error) {
	return codegen.GenerateProgram(bound)
}

// The SDK is a module of its own, which the project's go.mod takes from its folder.
func (golang) link(project, sdk string) (string, error) {
	list := exec.Command("go", "list", "-m")
	list.Dir = filepath.Join(project, sdk)
	module, err := output(list)
	if err != nil {
		return "", err
	}
	edit := exec.Command("go", "mod", "edit", "-require", module+"@v0.0.0", "-replace", module+"=./"+filepath.ToSlash(sdk))
	edit.Dir = project
	_, err = output(edit)
	return fmt.Sprintf("The SDK's module is %s.", module), err
}

func (golang) install() *exec.Cmd {
	return exec.Command("go", "mod", "tidy")
}
