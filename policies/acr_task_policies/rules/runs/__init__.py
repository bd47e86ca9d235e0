"""Rules about runs."""
