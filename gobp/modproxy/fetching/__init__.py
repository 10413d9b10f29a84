"""Filling the tree: each file on its own, once, checked before it is seen."""
