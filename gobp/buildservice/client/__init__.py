"""The other side: ask a build service for a program."""
