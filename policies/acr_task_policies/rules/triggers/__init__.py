"""Rules about what starts a task."""
