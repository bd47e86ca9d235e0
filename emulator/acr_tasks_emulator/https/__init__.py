"""Certificates and the server's end of https."""
