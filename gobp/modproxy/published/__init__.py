"""Modules that are published here: to the private tree, to a git repository, and from it."""
