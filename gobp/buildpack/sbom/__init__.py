"""Writes the bills of materials: of the programs, by their build information, and of Go."""
