"""Scenarios of runs: where their files come from, how they are awaited, canceled and taken up again."""
