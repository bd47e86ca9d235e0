"""Scenarios of the service's side: the embedded emulator, outages, faults and TLS."""
