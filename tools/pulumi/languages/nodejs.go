package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	codegen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

type nodejs struct{}

func (nodejs) command(ctx context.Context, run *rpc.RunRequest, engine string) (*exec.Cmd, func(), error) {
	folder := run.Info.ProgramDirectory
	launcher := filepath.Join(folder, "node_modules/@pulumi/pulumi/cmd/run")
	if _, err := os.Stat(launcher); err != nil {
		return nil, nil, fmt.Errorf("%s has no node_modules: run `npm install` there", folder)
	}
	arguments := []string{
		launcher,
		"--organization", run.Organization,
		"--project", run.Project,
		"--root-directory", run.Info.RootDirectory,
		"--stack", run.Stack,
		"--pwd", run.Pwd,
		"--parallel", strconv.Itoa(int(run.Parallel)),
		"--monitor", run.MonitorAddress,
		"--engine", engine,
	}
	if run.DryRun {
		arguments = append(arguments, "--dry-run")
	}
	arguments = append(append(arguments, run.Info.EntryPoint), run.Args...)
	program := exec.CommandContext(ctx, "node", arguments...)
	program.Env = append(os.Environ(), "PULUMI_NODEJS_TYPESCRIPT=true")
	return program, func() {}, nil
}

func (nodejs) generate(
	pkg *schema.Package, request *rpc.GeneratePackageRequest, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	return codegen.GeneratePackage(
		"pulumi-language-nodejs", pkg, request.ExtraFiles, request.LocalDependencies, request.Local, loader)
}

func (nodejs) program(bound *pcl.Program) (map[string][]byte, hcl.Diagnostics, error) {
	return codegen.GenerateProgram(bound)
}

func (nodejs) link(project, sdk string) (string, error) {
	text, err := os.ReadFile(filepath.Join(project, sdk, "package.json"))
	if err != nil {
		return "", err
	}
	var named struct{ Name string }
	if err := json.Unmarshal(text, &named); err != nil {
		return "", err
	}
	set := exec.Command("npm", "pkg", "set", fmt.Sprintf("dependencies.%s=file:%s", named.Name, filepath.ToSlash(sdk)))
	set.Dir = project
	_, err = output(set)
	return fmt.Sprintf("import * as acr_tasks from %q;", named.Name), err
}

func (nodejs) install() *exec.Cmd {
	return exec.Command("npm", "install", "--no-audit", "--no-fund", "--loglevel", "error")
}
