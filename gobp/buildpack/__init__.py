"""The buildpack: one folder a component, and the group that runs them in process."""
