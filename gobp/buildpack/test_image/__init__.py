"""Makes an image that runs the app's tests (buildpack spec, "Execution Environments")."""
