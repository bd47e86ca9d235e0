"""Scenarios of runs: their contexts, and how they are awaited, canceled and resumed."""
