"""The commands on the trees: each does its work beside servers that are running, or without any."""
