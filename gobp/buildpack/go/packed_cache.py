"""The compile cache as two archives: what lasts, and what the last builds added to it.

An edit changes a few entries, so only the small archive is written anew, and only when it lacks
something or much of it is dead: then the same build leaves the same bytes, and nothing is stored
again. (Go reads fewer entries where it compiles nothing than where it wrote them.)
"""

import re
from pathlib import Path

from gobp.buildpack.go.swept_cache import cache_files
from gobp.buildpack.reporting.counted import pack, unpack
from gobp.buildpack.reporting.report import Recorder
from gobp.system.packed import SUFFIX

BASE = f"base{SUFFIX}"
RECENT = f"recent{SUFFIX}"
_SHARE = 4  # a part may hold a quarter that is dead; the recent part may be a quarter of the base
_INDEX = b"go index v"  # begins what go notes of a folder with sources (internal/modindex)
_OUTPUT = re.compile(r"[0-9a-f]{64}")
_ENTRY_WORDS = 5  # of an entry: "v1", its key, what it leads to, the size of that, a time


def unpack_cache(archives: Path, cache: Path, report: Recorder) -> None:
    """Fill an empty cache from the archives there are. Raises UserError where one is damaged.

    Which names came from which is noted beside the entries, for ``pack_cache``.
    """
    for archive in (BASE, RECENT):
        path = archives / archive
        names = unpack(report, path, cache) if path.is_file() else ()
        _note(cache, archive).write_text("\n".join(names), encoding="ascii")


def pack_cache(cache: Path, archives: Path, report: Recorder) -> None:
    """Bring the archives up to date with what the build used of the cache."""
    files = {file.name: file for file in cache_files(cache)}
    used = {name for name, file in files.items() if file.used}
    base, recent = _noted(cache, BASE), _noted(cache, RECENT)
    new = _lasting(cache, used - base) - base

    def size(names: set[str]) -> int:
        return sum(files[name].size for name in names if name in files)

    if max(size(new), size(base - used)) * _SHARE > size(base):
        pack(report, cache, archives / BASE, used | _led_to(cache, used))
        (archives / RECENT).unlink(missing_ok=True)
    elif not new:
        (archives / RECENT).unlink(missing_ok=True)
    elif new - recent or size(recent - new) * _SHARE > size(recent):
        pack(report, cache, archives / RECENT, new)


def _lasting(cache: Path, names: set[str]) -> set[str]:
    """Return files with what they lead to, but nothing of what go notes of folders.

    Such notes are found again only while files have the same times, and in a checkout they do not.
    """
    found: set[str] = set()
    for name in names:
        files = {name, *_led_to(cache, {name})}
        if not any(_is_index(cache / file) for file in files):
            found |= files
    return found


def _led_to(cache: Path, names: set[str]) -> set[str]:
    """Return the files that entries lead to; go freshens none that it would write again."""
    found = set()
    for name in names:
        words = (cache / name).read_bytes().split() if name.endswith("-a") else []
        output = words[2].decode("ascii", "replace") if len(words) == _ENTRY_WORDS else ""
        if _OUTPUT.fullmatch(output):
            found.add(f"{output[:2]}/{output}-d")
    return {name for name in found if (cache / name).is_file()}


def _is_index(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_INDEX)) == _INDEX


def _note(cache: Path, archive: str) -> Path:
    return cache / f"{archive}.names"


def _noted(cache: Path, archive: str) -> set[str]:
    note = _note(cache, archive)
    return set(note.read_text(encoding="ascii").splitlines()) if note.is_file() else set()
