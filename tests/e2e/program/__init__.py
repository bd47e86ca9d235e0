"""Scenarios of programs: what authors write, and what a preview says of it."""
