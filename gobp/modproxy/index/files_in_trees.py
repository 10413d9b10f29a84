"""Find all module files of the trees, as the index has them."""

import os
from collections.abc import Iterator
from pathlib import Path

from gobp.errors import UserError
from gobp.golang.module import unescape_version
from gobp.modproxy.index.index import Published
from gobp.modproxy.protocol.requests import Kind, ModuleFile, is_canonical, version_folder
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees

_KINDS = {f".{kind}": kind for kind in Kind}


def files_in_trees(trees: Trees, now: float) -> Iterator[Published]:
    """Yield the module files of all trees; their times are those of the files, at most ``now``."""
    yield from files_in_tree(trees.public, now, private=False)
    yield from files_in_tree(trees.private, now, private=True)
    yield from files_in_tree(trees.published, now, private=True)


def files_in_tree(tree: ModuleTree, now: float, *, private: bool) -> Iterator[Published]:
    """Yield the module files of one tree; see files_in_trees."""
    for module in tree.modules():
        for entry in _entries(tree.root / version_folder(module)):
            file = _file_of(module, entry.name)
            if file is None:
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:  # removed meanwhile
                continue
            h1 = tree.pinned_hash(module, file.version) if file.kind is Kind.ZIP else ""
            yield Published(file, status.st_size, private, min(status.st_mtime, now), h1)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _file_of(module: str, name: str) -> ModuleFile | None:
    stem, extension = os.path.splitext(name)  # noqa: PTH122 # a name, for each file
    kind = _KINDS.get(extension)
    if kind is None:
        return None
    try:
        version = unescape_version(stem)
    except UserError:
        return None
    return ModuleFile(module, version, kind) if is_canonical(module, version) else None
