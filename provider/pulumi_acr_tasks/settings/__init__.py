"""The provider's settings, from configuration and environment."""
