"""What is kept on disk: documents in SQLite, blobs in a folder. Knows no rules of the service."""
