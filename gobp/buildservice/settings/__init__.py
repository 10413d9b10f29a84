"""Settings of the build service."""
