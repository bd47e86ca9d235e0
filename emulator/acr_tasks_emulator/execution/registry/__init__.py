"""The OCI registry behind the login server, and the busybox image that it is seeded with."""
