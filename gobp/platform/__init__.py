"""A CNB platform on this machine: one file a lifecycle phase; buildpacks run as executables."""
