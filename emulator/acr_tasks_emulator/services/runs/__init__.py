"""The rules of runs: schedule, list, cancel, and the documents that describe them."""
