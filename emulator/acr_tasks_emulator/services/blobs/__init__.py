"""The blob service: uploads and logs behind signed links."""
