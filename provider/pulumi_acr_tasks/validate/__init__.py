"""What cannot be right, known before any request: pure functions from inputs to problems."""
