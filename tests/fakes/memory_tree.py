"""An app in memory."""

import posixpath
from collections.abc import Mapping


class MemoryTree:
    """Files by their paths; a path that ends in "/" is a folder without files."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text for path, text in files.items() if not path.endswith("/")}
        self._folders = {""}
        for path in files:
            folder = posixpath.dirname(path)
            while folder:
                self._folders.add(folder)
                folder = posixpath.dirname(folder)

    def has(self, path: str) -> bool:
        return posixpath.normpath(path) in self._files

    def is_dir(self, path: str) -> bool:
        normal = posixpath.normpath(path)
        return normal == "." or normal in self._folders

    def names(self, path: str = "") -> tuple[str, ...]:
        if path not in self._folders:
            return ()
        folders, files = self.entries(path)
        return tuple(sorted((*folders, *files)))

    def read_text(self, path: str) -> str:
        return self._files[path]

    def read_head(self, path: str) -> str:
        return self._files[path]

    def entries(self, path: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
        if path not in self._folders:
            raise FileNotFoundError(path)
        folders = {posixpath.basename(f) for f in self._folders if f and _parent(f) == path}
        files = {posixpath.basename(f) for f in self._files if _parent(f) == path}
        return tuple(sorted(folders)), tuple(sorted(files))


def _parent(path: str) -> str:
    return posixpath.dirname(path)
