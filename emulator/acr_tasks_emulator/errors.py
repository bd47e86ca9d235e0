"""The error of wrong options; alone here, because a second `serve --detach` answers before it imports more."""


class SettingsError(Exception):
    """A wrong option; the text is one sentence with what is wrong and what is allowed."""
