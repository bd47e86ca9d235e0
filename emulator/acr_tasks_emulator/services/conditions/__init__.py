"""Conditions that tests ask for: faults, throttling, long-running operations, refusals; and the request log."""
