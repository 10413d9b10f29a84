"""Go's own rules: versions, go.mod, go.work, module paths, hashes; no effects."""
