"""Awaiting a run: its status, and its log line by line. Told where to print and when to stop; knows nothing of
Pulumi."""
