"""What create, read, update and delete do, between the resource classes and the service."""
