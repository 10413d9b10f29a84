"""Fetch the source of a build: a module's zip or a commit. No code of it runs here."""
