"""Installs Go: one resolver for every version source, and every place that Go can come from."""
