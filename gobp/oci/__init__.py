"""OCI images: digests, layers, manifests, layouts, registries; knows nothing of buildpacks."""
