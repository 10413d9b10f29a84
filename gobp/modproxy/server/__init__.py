"""The HTTP server: granian's RSGI in front of the module service."""
