"""Settings of a server: one YAML file, variables and flags, checked by types."""
