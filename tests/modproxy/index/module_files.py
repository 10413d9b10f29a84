"""Module files for tests of the index and of the pages."""

import os
from pathlib import Path

from gobp.modproxy.index.index import Published
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.module_tree import ModuleTree


def everybody(module: str) -> bool:
    """Let a reader know of every module."""
    return True


def published(
    module: str,
    version: str = "v1.0.0",
    kind: Kind = Kind.MOD,
    *,
    size: int = 100,
    private: bool = False,
    when: float = 1000.0,
    h1: str = "",
) -> Published:
    """Return a file that was published."""
    return Published(ModuleFile(module, version, kind), size, private, when, h1)


def put(tree: ModuleTree, path: str, content: bytes = b"x", *, when: float = 1000.0) -> Path:
    """Write a file to a tree, last changed at ``when``."""
    file = tree.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (when, when))
    return file
