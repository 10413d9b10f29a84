"""The service over HTTP: the URLs of cargo, and /api/v1."""
