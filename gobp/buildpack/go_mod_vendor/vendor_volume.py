"""Vendor folders in a volume: one a key, made of hard links where the volume can have them.

Apps share a volume, and a linked file that somebody writes to changes for all. So every file there
has a time that no writing leaves: one with another time tells that its folder is not to be used.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from gobp.system.files import remove_tree
from gobp.system.packed import files_of

MOST_FOLDERS = 32
_UNTOUCHED = 1_000_000_000  # seconds since 1970


def restore(store: Path, name: str, vendor: Path) -> bool:
    """Link or copy the folder of this name to ``vendor``; return whether there is one, untouched.

    A folder that another build removes at this moment counts as none.
    """
    source = store / name
    try:
        os.utime(source)  # those not used for longest go first
        _link_all(source, vendor, like=_UNTOUCHED)
    except FileNotFoundError:
        remove_tree(vendor)
        _discard(source)
        return False
    return True


def save(store: Path, name: str, vendor: Path) -> None:
    """Keep a folder, which may be absent, under this name; the first of two builds wins."""
    store.mkdir(exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=store))
    if vendor.is_dir():
        for file in _link_all(vendor, new):
            os.utime(new / file, (_UNTOUCHED, _UNTOUCHED), follow_symlinks=False)
    new.chmod(0o755)
    try:
        new.rename(store / name)
    except OSError:  # the other has made it
        _discard(new)
    _drop_oldest(store)


def _link_all(source: Path, target: Path, *, like: float | None = None) -> tuple[str, ...]:
    """Link every file, copy where that cannot be; return their names.

    Raises FileNotFoundError for a file that has not the time ``like``.
    """
    names = tuple(files_of(source))
    folders: set[str] = set()
    for name in names:
        if like is not None and os.lstat(f"{source}/{name}").st_mtime != like:
            raise FileNotFoundError(name)
        folder = name.rpartition("/")[0]
        if folder not in folders:
            (target / folder).mkdir(parents=True, exist_ok=True)
            folders.add(folder)
        _link(f"{source}/{name}", f"{target}/{name}")
    return names


def _link(source: str, target: str) -> None:
    """Link a file; paths are texts, as there are thousands."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, another owner, or no links there
        shutil.copy2(source, target, follow_symlinks=False)


def _drop_oldest(store: Path) -> None:
    """Keep the folders used last, and with them none that a killed build has left half made."""
    entries = sorted(os.scandir(store), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[MOST_FOLDERS:]:
        _discard(Path(entry.path))


def _discard(folder: Path) -> None:
    """Remove a folder, out of the way of builds that would use it."""
    aside = folder.with_name(f".old-{folder.name}")
    with suppress(OSError):  # another build removes it
        folder.rename(aside)
        remove_tree(aside)
