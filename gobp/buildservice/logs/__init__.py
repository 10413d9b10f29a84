"""The logs of builds: written while they run, read by whoever watches, kept."""
