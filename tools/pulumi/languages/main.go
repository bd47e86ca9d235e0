// A stand-in for the official language hosts of Go and Node.js, where these cannot be had.
//
// The engine starts `pulumi-language-go` or `pulumi-language-nodejs` and reads the port from the first line of standard
// output. Both are this program: the name that it was started by says which language it serves. It runs programs,
// generates SDKs and imported programs with Pulumi's own generators, and links SDKs into a project. As
// `pulumi-generate-python` it writes code alone: the stand-in host of Python, which runs the programs, starts it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// How often the host looks whether the engine still listens.
const look = 2 * time.Second

// The exit status of a program that has reported its error to the engine already.
const reported = 32

// A language is what differs between the hosts that run programs.
type language interface {
	// Returns the command that runs the program, and a function that removes what was built for it.
	command(ctx context.Context, run *rpc.RunRequest, engine string) (*exec.Cmd, func(), error)
	// Writes an SDK into the project's list of dependencies, and returns how a program imports it.
	link(project, sdk string) (string, error)
	// Returns the command that installs the project's dependencies.
	install() *exec.Cmd
}

type host struct {
	generation
	engine string
	language
}

func (h *host) Handshake(context.Context, *rpc.LanguageHandshakeRequest) (*rpc.LanguageHandshakeResponse, error) {
	return &rpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*rpc.PluginInfo, error) {
	return &rpc.PluginInfo{}, nil
}

// GetRequiredPackages names none: the engine finds plugins on the PATH and in Pulumi.yaml.
func (h *host) GetRequiredPackages(
	context.Context, *rpc.GetRequiredPackagesRequest,
) (*rpc.GetRequiredPackagesResponse, error) {
	return &rpc.GetRequiredPackagesResponse{}, nil
}

func (h *host) Run(ctx context.Context, request *rpc.RunRequest) (*rpc.RunResponse, error) {
	program, done, err := h.command(ctx, request, h.engine)
	if err != nil {
		return &rpc.RunResponse{Error: err.Error()}, nil
	}
	defer done()
	config, err := json.Marshal(request.Config)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(request.ConfigSecretKeys)
	if err != nil {
		return nil, err
	}
	program.Dir = request.Pwd
	program.Stdout, program.Stderr = os.Stdout, os.Stderr // the engine shows both
	program.Env = append(program.Env, "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secret))
	err = program.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		text := fmt.Sprintf("the program ended with exit status %d", exit.ExitCode())
		return &rpc.RunResponse{Error: text, Bail: exit.ExitCode() == reported}, nil
	}
	return &rpc.RunResponse{}, err
}

func (h *host) Link(_ context.Context, request *rpc.LinkRequest) (*rpc.LinkResponse, error) {
	var all []string
	for _, each := range request.Packages {
		text, err := h.link(request.Info.ProgramDirectory, each.Path)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return &rpc.LinkResponse{ImportInstructions: strings.Join(all, "\n")}, nil
}

func (h *host) InstallDependencies(
	request *rpc.InstallDependenciesRequest, stream rpc.LanguageRuntime_InstallDependenciesServer,
) error {
	command := h.install()
	command.Dir = request.Info.ProgramDirectory
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, output)
	}
	return stream.Send(&rpc.InstallDependenciesResponse{Stdout: output})
}

// Returns the output of a command, which the error repeats when it fails.
func output(command *exec.Cmd) (string, error) {
	var both bytes.Buffer
	command.Stdout, command.Stderr = &both, io.MultiWriter(&both)
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, both.String())
	}
	return strings.TrimSpace(both.String()), nil
}

func serve(engine, name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	served := map[string]rpc.LanguageRuntimeServer{
		"pulumi-language-go":     &host{generation{generator: golang{}}, engine, golang{}},
		"pulumi-language-nodejs": &host{generation{generator: nodejs{}}, engine, nodejs{}},
		"pulumi-generate-python": &generation{generator: pythonGenerator{}},
	}[name]
	if served == nil {
		return fmt.Errorf("%s is the name of no language host", name)
	}
	if err := rpcutil.Healthcheck(ctx, engine, look, stop); err != nil {
		return err
	}
	ended := make(chan bool)
	context.AfterFunc(ctx, func() { close(ended) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: ended,
		Init: func(server *grpc.Server) error {
			rpc.RegisterLanguageRuntimeServer(server, served)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(strconv.Itoa(handle.Port))
	return <-handle.Done
}

func main() {
	if err := serve(os.Args[len(os.Args)-1], filepath.Base(os.Args[0])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
