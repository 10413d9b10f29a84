"""Checksum databases: asked by clients through the proxy, and by the proxy itself."""
