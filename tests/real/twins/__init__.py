"""Lives of tasks and runs, drawn at random and played on both hosts, each called as the engine calls it."""
