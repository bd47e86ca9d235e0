"""Scenarios of the examples, of README's program and of the policy pack."""
