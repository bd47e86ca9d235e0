"""One process for each data folder, and its children."""
