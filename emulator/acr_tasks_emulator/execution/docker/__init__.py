"""The executor's tool docker."""
