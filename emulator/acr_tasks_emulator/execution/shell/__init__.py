"""The command lines of steps, parsed like the agent's shell does."""
