"""The build service: ask for a Go program at a version and a platform, get the binary."""
