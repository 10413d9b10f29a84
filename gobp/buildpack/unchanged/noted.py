"""What the metadata of the launch layer says of the programs in it."""

TARGETS = "targets"
"""The layer."""
PROGRAMS = "programs"
"""Key: the names of the programs, the first one being the default."""
GO = "go"
"""Key: the Go that compiled them, as the build report has it."""
