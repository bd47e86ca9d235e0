"""Awaiting of runs: one poller for each registry, and the failures that end a deployment."""
