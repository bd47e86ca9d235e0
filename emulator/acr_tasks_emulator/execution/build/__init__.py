"""Builds of images from Dockerfiles, whatever the tool."""
