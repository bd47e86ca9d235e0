"""Scheduling of runs: each once, also when an answer is lost or an update is killed."""
