"""Brings the app's modules into its vendor folder, with the module cache kept as a layer."""
