"""The service: wire models, ids, the thirteen operations and the rings around each request."""
