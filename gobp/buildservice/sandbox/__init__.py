"""Where code of repositories runs: without network, secrets or a way out, and within limits."""
