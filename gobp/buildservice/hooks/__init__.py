"""Webhooks in, callbacks and releases out."""
