"""The executor's tool buildah."""
