"""Triggers: timers, pushes to repositories, pushes of base images."""
