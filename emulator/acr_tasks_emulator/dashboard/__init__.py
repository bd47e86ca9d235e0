"""The web page: views of tasks, runs and logs, templates, style sheet and script. It needs no network."""
