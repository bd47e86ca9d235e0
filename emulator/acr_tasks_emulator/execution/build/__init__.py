"""Builds and pushes of images, with any tool."""
