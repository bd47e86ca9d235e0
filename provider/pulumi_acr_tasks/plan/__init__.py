"""What has changed, and which request expresses it: pure functions of plain values."""
