"""Local contexts: the walk by ignore rules, the fingerprint, the archive, and its upload."""
