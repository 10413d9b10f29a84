"""The table of builds, which is the truth, in SQLite or PostgreSQL."""
