"""A CNB platform on this machine: one file a lifecycle phase; runs any buildpack as an executable."""
