// Build an image from the folder `app`, and try exactly that image.

import * as pulumi from "@pulumi/pulumi";
import * as acr from "pulumi-acr-tasks";

const platform = { os: "Linux" };
const { hash } = acr.contextHashOutput({ context: "app" });

const build = new acr.Run("build", {
    context: "app",
    runRequest: { type: "DockerBuildRequest", imageNames: [pulumi.interpolate`report:${hash}`], platform },
});
export const image = build.imageRefs[0];

const task = `version: v1.1.0
steps:
  - cmd: '{{.Values.image}}'
`;
const smokeTest = new acr.Run("smoke-test", {
    runRequest: {
        type: "EncodedTaskRunRequest",
        encodedTaskContent: Buffer.from(task).toString("base64"),
        values: [{ name: "image", value: image }],
        platform,
    },
});
export const status = smokeTest.status;
