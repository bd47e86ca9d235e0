"""The signed-in service, and what is shared for each registry."""
