"""The plugin as a folder, for `pulumi package add FOLDER`: PulumiPlugin.yaml makes the engine run this file."""

from pulumi_acr_tasks.plugin.server import main

main()
