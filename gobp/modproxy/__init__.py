"""The Go module proxy: one tree of module files, kept filled and served to the go command."""
