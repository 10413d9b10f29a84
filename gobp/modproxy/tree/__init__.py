"""The tree of module files on disk: the layout of a module cache's cache/download."""
