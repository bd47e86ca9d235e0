// Build an image from the folder app, and try exactly that image.
package main

import (
	"encoding/base64"

	"example.com/pulumi-acr-tasks/sdk/go/acrtasks"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const task = `version: v1.1.0
steps:
  - cmd: '{{.Values.image}}'
`

func program(ctx *pulumi.Context) error {
	linux := acrtasks.PlatformPropertiesArgs{Os: pulumi.String("Linux")}
	hashed, err := acrtasks.ContextHash(ctx, &acrtasks.ContextHashArgs{Context: "app"})
	if err != nil {
		return err
	}

	build, err := acrtasks.NewRun(ctx, "build", &acrtasks.RunArgs{
		Context: pulumi.String("app"),
		RunRequest: acrtasks.DockerBuildRequestArgs{
			Type:       pulumi.String("DockerBuildRequest"),
			ImageNames: pulumi.ToStringArray([]string{"report:" + hashed.Hash[:12]}),
			Platform:   linux,
		},
	})
	if err != nil {
		return err
	}
	image := build.ImageRefs.Index(pulumi.Int(0))

	smokeTest, err := acrtasks.NewRun(ctx, "smoke-test", &acrtasks.RunArgs{
		RunRequest: acrtasks.EncodedTaskRunRequestArgs{
			Type:               pulumi.String("EncodedTaskRunRequest"),
			EncodedTaskContent: pulumi.String(base64.StdEncoding.EncodeToString([]byte(task))),
			Values:             acrtasks.SetValueArray{acrtasks.SetValueArgs{Name: pulumi.String("image"), Value: image}},
			Platform:           linux,
		},
	})
	if err != nil {
		return err
	}

	ctx.Export("image", image)
	ctx.Export("status", smokeTest.Status)
	return nil
}

func main() {
	pulumi.Run(program)
}
