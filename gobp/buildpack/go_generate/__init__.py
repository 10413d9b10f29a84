"""Runs the generators that the app's source names, before anything reads that source."""
