"""Sign-in as Entra ID does it, and the metadata that clients ask for before."""
