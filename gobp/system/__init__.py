"""The only effects: processes, downloads, archives and files."""
