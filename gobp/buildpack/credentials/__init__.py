"""Hands the credentials of bindings to go, git and ssh, for this build only."""
