"""The web page: rendered here, works without a network."""
