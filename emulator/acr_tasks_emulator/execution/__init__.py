"""Runs: the queue, the agents, and the executors that build and run containers."""
