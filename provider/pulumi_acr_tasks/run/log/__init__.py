"""The log of a run, read while it grows and shown line by line."""
