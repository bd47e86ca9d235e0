"""Conditions that tests ask for: faults, throttling, long-running operations; and the request log."""
