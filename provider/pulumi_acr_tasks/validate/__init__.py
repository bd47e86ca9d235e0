"""Rules for the inputs of tasks and runs: pure functions from values to problems, without a request."""
