"""The compile cache as two archives: what lasts, and what the last builds added to it.

An edit changes a few entries, so only the small archive is written anew, and only when it holds
others than before: then the same build gives the same bytes, and nothing is stored again.
"""

from pathlib import Path

from gobp.buildpack.go.swept_cache import cache_files
from gobp.system.packed import SUFFIX, pack, unpack

BASE = f"base{SUFFIX}"
RECENT = f"recent{SUFFIX}"
_SHARE = 4  # the recent part, and what is dead in the base, may be a quarter of the base


def unpack_cache(archives: Path, cache: Path) -> None:
    """Fill an empty cache from the archives there are. Raises UserError where one is damaged.

    Which names came from which is noted beside the entries, for ``pack_cache``.
    """
    for archive in (BASE, RECENT):
        path = archives / archive
        names = unpack(path, cache) if path.is_file() else ()
        _note(cache, archive).write_text("\n".join(names), encoding="ascii")


def pack_cache(cache: Path, archives: Path) -> None:
    """Bring the archives up to date with what the build used of the cache."""
    files = {file.name: file for file in cache_files(cache)}
    used = {name for name, file in files.items() if file.used}
    base, recent = _noted(cache, BASE), _noted(cache, RECENT)
    new = used - base

    def size(names: set[str]) -> int:
        return sum(files[name].size for name in names if name in files)

    if max(size(new), size(base - used)) * _SHARE > size(base):
        pack(cache, archives / BASE, used)
        (archives / RECENT).unlink(missing_ok=True)
    elif not new:
        (archives / RECENT).unlink(missing_ok=True)
    elif new != recent:
        pack(cache, archives / RECENT, new)


def _note(cache: Path, archive: str) -> Path:
    return cache / f"{archive}.names"


def _noted(cache: Path, archive: str) -> set[str]:
    note = _note(cache, archive)
    return set(note.read_text(encoding="ascii").splitlines()) if note.is_file() else set()
