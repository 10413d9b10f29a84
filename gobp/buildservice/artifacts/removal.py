"""Remove folders in which anything may be: too deep for any path, without permissions."""

import errno
import os
import stat
import time
from itertools import count
from pathlib import Path

_PAUSES = (0.05, 0.2, 1.0)  # seconds


def remove_anything(folder: Path) -> None:
    """Remove a folder and all in it, following nothing.

    Folders in folders are moved up before they are emptied: so no path grows, and nothing is
    called deeper and deeper, whatever somebody nested. A folder that is not there is fine. What
    a process writes or removes meanwhile, as one that is just being killed, is waited for.
    """
    numbers = count()
    for pause in _PAUSES:
        try:
            return _remove(folder, numbers)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.ENOENT}:
                raise
        time.sleep(pause)
    return _remove(folder, numbers)


def _remove(folder: Path, numbers: "count[int]") -> None:
    try:
        folder.chmod(stat.S_IRWXU)
    except FileNotFoundError:
        return
    pending = [folder]
    while pending:
        emptied = pending.pop()
        with os.scandir(emptied) as entries:
            found = list(entries)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                Path(entry.path).chmod(stat.S_IRWXU)
                pending.append(_moved_up(Path(entry.path), folder, numbers))
            else:
                Path(entry.path).unlink()
        if emptied != folder:
            emptied.rmdir()
    folder.rmdir()


def _moved_up(path: Path, folder: Path, numbers: "count[int]") -> Path:
    """Move a folder beside ``folder``, under a name of its own."""
    moved = folder.with_name(f"{folder.name}.removed-{next(numbers)}")
    path.rename(moved)
    return moved
