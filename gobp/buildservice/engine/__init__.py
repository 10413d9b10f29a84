"""Hand builds to workers: each once, however many workers there are and whichever dies."""
