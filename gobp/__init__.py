"""gobp: a Go build platform."""
