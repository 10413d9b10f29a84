"""Lets the image rebuild the app from source, and restart it, when the source changes there."""
