"""How go is run, whichever component runs it: flags, environment, cache, failures."""
