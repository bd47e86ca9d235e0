"""Sources of runs: uploads, repositories, archives, and OCI artifacts."""


class SourceError(Exception):
    """A source that cannot be used; the text is for the run's log."""
