"""Proof of what was built: checksums, bills of materials, signed provenance."""
