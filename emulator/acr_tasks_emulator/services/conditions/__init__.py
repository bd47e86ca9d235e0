"""Behaviour that tests ask for: faults, throttling, long-running operations, refusals."""
