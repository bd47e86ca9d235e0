"""The rules of the service. They raise the errors of `services.errors`; routes never catch them."""
