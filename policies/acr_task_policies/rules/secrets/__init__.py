"""Rules about secrets that others can read."""
