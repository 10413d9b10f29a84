"""Care of what is kept: retention, backup, restore."""
