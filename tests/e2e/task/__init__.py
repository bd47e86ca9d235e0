"""Scenarios of tasks: many of them, their names, exports, and a creation without an answer."""
