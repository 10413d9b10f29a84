"""A program's bytes without reading all of them: only the pages that are looked at are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """Give the bytes of a file; none of an empty one, which cannot be mapped."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            yield memoryview(b"")
            return
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content, memoryview(content) as view:
            yield view
