"""Trees of files on disk: written from a mapping, hashed, put in place of an old one."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from release.recipe import TreeFile


def write_tree(root: Path, files: Mapping[str, TreeFile]) -> None:
    """Write files below ``root`` by their relative path, folders made as needed."""
    for path, file in sorted(files.items()):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(0o755 if file.executable else 0o644)


def walk(root: Path) -> Iterator[Path]:
    """Yield every file and folder below ``root`` in the order of their names, parents first."""
    for path in sorted(root.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)


def tree_hash(root: Path) -> str:
    """Return a sha256 (hex) over the names, execute bits and contents of all files of a tree."""
    total = hashlib.sha256()
    for path in walk(root):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            mark = "x" if os.access(path, os.X_OK) else "-"
            total.update(f"{content} {mark} {path.relative_to(root).as_posix()}\n".encode())
    return total.hexdigest()


def remove_sources(root: Path) -> None:
    """Remove the Python sources that stand beside their byte code."""
    for path in list(walk(root)):
        if path.suffix == ".py" and path.with_suffix(".pyc").is_file():
            path.unlink()


def put_in_place(new: Path, target: Path) -> None:
    """Put a finished tree where an older one may be; both are in the same folder."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
