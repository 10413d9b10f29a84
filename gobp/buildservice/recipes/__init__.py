"""Turn source into programs, in the sandbox."""
