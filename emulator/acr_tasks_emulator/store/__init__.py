"""Storage on disk: documents in SQLite, blobs in a folder. The rules of the service are not here."""
