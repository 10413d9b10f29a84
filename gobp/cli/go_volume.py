"""The folder in which all builds of one cache keep Go, compiled packages and modules."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.system.files import remove_tree

VARIABLE = "BP_GO_CACHE_VOLUME"
"""Names the folder to gobp's buildpack; see gobp.buildpack.volume."""


@contextmanager
def go_volume(cache_dir: Path, *, clear: bool) -> Iterator[Path]:
    """Give the folder to a build, emptied first where ``clear`` says so.

    Builds share it; who empties it waits until nobody uses it.
    """
    folder = cache_dir.resolve() / "volume"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name("volume.lock").open("w") as lock:
        if clear:
            fcntl.flock(lock, fcntl.LOCK_EX)
            remove_tree(folder)
        fcntl.flock(lock, fcntl.LOCK_SH)
        folder.mkdir(exist_ok=True)
        yield folder
