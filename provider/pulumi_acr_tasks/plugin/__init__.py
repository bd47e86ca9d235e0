"""The plugin host: our own server of the engine's provider protocol, for programs in every Pulumi language."""
