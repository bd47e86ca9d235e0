"""Scenarios of a stack's state: its life, what a refresh drops, and what the journal adds."""
