"""What surrounds every request: guard, throttle, faults, errors, headers."""
