"""Local contexts: what belongs to one, its hash, its archive, and its way to the service."""
