"""Certificates, and https for the server."""
