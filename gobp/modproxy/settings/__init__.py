"""The settings of the module proxy: one YAML file, variables and flags over it."""
