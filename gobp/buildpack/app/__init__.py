"""What the app looks like: its folders, its modules, what it says of its build."""
