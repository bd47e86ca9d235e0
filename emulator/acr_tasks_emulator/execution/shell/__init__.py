"""The lines of steps, read as the agent's shell does."""
