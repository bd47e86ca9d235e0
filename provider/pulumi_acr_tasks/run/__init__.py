"""Runs: the resource, its check and diff, and what create, read, update and delete do."""
