"""Tells which known vulnerabilities are in the programs, by a vulnerability database of Go's."""
