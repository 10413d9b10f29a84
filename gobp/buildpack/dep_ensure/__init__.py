"""Brings what Gopkg.toml and Gopkg.lock name into the app's vendor folder."""
