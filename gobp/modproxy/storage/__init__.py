"""S3-compatible storage behind the local trees, shared by nodes."""
