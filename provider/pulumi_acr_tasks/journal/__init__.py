"""The journal of requests sent and not yet confirmed to the engine."""
