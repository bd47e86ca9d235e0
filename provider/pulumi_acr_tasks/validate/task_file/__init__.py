"""Rules for task files, Dockerfiles and the templates inside them."""
