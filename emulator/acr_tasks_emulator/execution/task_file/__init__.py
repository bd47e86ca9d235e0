"""Task files: found, rendered, and read as the agent reads them."""
