"""The container tool buildah, and its image store."""
