"""The embedded emulator: started on demand, with the registries that a program names."""
