"""Routes of the Resource Manager."""
