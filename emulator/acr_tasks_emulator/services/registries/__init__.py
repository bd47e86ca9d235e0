"""Registries, resource groups and subscriptions."""
