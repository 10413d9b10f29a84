"""What a commit has: how large it is, and which of its links lead out of it."""

import os
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.sources.git import Git
from gobp.buildservice.sources.tree import FetchError

_MOST_FILES = 500_000
_BLOCK = 4096  # bytes: what even an empty file takes
_SUBMODULE = b"160000"


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit: their ``size`` in bytes; commits of ``submodules`` by path."""

    commit: str
    size: int
    submodules: dict[str, str]


def read_tree(git: Git, commit: str, folder: Path) -> Tree:
    """Return what a commit of the repository in ``folder`` has. Raises FetchError for too much."""
    output = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, cwd=folder)
    entries = output.split(b"\0")[:-1]
    if len(entries) > _MOST_FILES:
        raise FetchError(f"it has more than {_MOST_FILES} files", passing=False)
    size = 0
    submodules = {}
    for entry in entries:
        facts, _, path = entry.partition(b"\t")
        mode, _, found, length = facts.split()
        if mode == _SUBMODULE:
            submodules[os.fsdecode(path)] = found.decode()
        else:
            size += max(int(length), _BLOCK)
    return Tree(commit, size, submodules)


def remove_leaving_links(folder: Path) -> list[tuple[str, str]]:
    """Remove links that lead out of a folder; return them and where they led.

    Whoever reads the source, in a sandbox or not, then reads the source and nothing else.
    """
    root = os.path.realpath(folder)
    leaving = []
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() and not _is_below(os.path.realpath(path), root):
                leaving.append(path)
    removed = [(str(path.relative_to(root)), str(path.readlink())) for path in leaving]
    for path in leaving:
        path.unlink()
    return sorted(removed)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}{os.sep}")
