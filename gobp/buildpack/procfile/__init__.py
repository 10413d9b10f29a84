"""Processes that the user names: Procfile, a binding, or a variable."""
