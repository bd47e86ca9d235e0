"""The service: its operations, models of its answers, ids, credentials, clocks, and the client."""
