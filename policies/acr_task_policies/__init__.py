"""Rules that look inside tasks and runs; `policies()` is what the pack hands to Pulumi."""

from .pack import policies

__all__ = ["policies"]
