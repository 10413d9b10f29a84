"""Puts dep, Go's package manager from before modules, on the PATH of the build."""
