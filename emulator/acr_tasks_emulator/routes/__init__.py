"""HTTP: reads requests, asks the services, writes answers. Errors are raised through, never caught here."""
