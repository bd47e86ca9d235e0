"""The life of a run, on a service that is played."""
