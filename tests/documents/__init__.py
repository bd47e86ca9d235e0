"""The documents: their tables are the code's, their programs type-check and preview, their command lines exist."""
