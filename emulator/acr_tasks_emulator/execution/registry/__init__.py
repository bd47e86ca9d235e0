"""The OCI registry behind the login server, and its seed."""
