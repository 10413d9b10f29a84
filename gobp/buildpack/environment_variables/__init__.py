"""Variables for the running app, given at build time as BPE_*."""
