"""Compile Python sources; the bundled interpreter itself runs this, for its byte code's sake.

Usage: ``python3.13 compiler.py sourceless|beside ROOT PREFIX PATH...`` where each PATH, a file or a
folder, is below ROOT and PREFIX goes before the names that tracebacks show.
"""

import importlib.util
import os
import py_compile
import sys
from collections.abc import Iterator
from py_compile import PycInvalidationMode


def main(arguments: list[str]) -> None:
    """Compile every source file that is or is below one of the paths, in sorted order."""
    mode, root, prefix, *paths = arguments
    for named in paths:
        for path in _sources(os.path.join(root, named)):  # noqa: PTH118 # starts faster than pathlib
            shown = prefix + os.path.relpath(path, root)
            if mode == "sourceless":
                compile_sourceless(path, shown)
            else:
                compile_beside(path, shown)


def compile_sourceless(path: str, shown: str) -> None:
    """Write ``x.pyc`` beside ``x.py``, never checked against a source: there will be none."""
    py_compile.compile(
        path, f"{path}c", shown, doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )


def compile_beside(path: str, shown: str) -> None:
    """Write into ``__pycache__``, checked by hash: a source that was edited later still wins."""
    target = importlib.util.cache_from_source(path)
    py_compile.compile(
        path, target, shown, doraise=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH
    )


def _sources(named: str) -> Iterator[str]:
    if named.endswith(".py"):
        yield named
    for parent, folders, names in os.walk(named):  # nothing where it is a file
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(parent, name)  # noqa: PTH118 # as above


if __name__ == "__main__":
    main(sys.argv[1:])
