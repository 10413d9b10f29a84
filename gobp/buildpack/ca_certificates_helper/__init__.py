"""Has the running image trust the certificates of bindings that it is started with."""
