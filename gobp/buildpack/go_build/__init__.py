"""Compiles the app: targets, flags, processes, and what stays of the source."""
