"""Tasks: the resource, its check and diff, the requests that follow, and what is shared for each registry."""
