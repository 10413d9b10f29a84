"""Has the build, and with BP_EMBED_CERTS the image, trust the certificates of bindings."""
