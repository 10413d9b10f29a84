"""What holds for which modules: where they come from, and what is not let through."""
