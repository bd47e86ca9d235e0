"""Middleware around every request: guard, throttling, faults, headers, the record; and errors as answers."""
