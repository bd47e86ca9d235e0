"""HTTP: requests are read, handed to a service, and answered. The middleware catches errors."""
