"""The private copy of the app that a build works on, and what makes the next one cheap.

Each file is copied once into a store beside the builds; a build gets hard links to it. A build
that writes *into* a file instead of replacing it reaches the stored one too, which then has
another time or size and is copied anew, as it is with the layers of the cache.
"""

import hashlib
import json
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from gobp.platform.snapshot import Chosen, Seen, Snapshot
from gobp.system.files import remove_tree, write_atomically

_FORMAT = 1
_INDEX = "index.json"
_CHUNK = 1024 * 1024
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file of the store: how the app's own looked when it was copied, and the copy's inode."""

    seen: Seen
    inode: int


class AppStore:
    """Copies of one app's files, in a folder whose lock the caller holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = self._read()
        self._stored: dict[str, _Stored] = {}
        self.copied = 0
        """How many files had to be read."""

    def put(self, entry: "os.DirEntry[str]", path: str, target: Path, now_ns: int) -> Seen:
        """Make ``target`` a copy of a file or link with its mode and time; return how it looked.

        Sockets, pipes and devices stay behind. ``path`` is the file's within the app, ``now_ns``
        a time before the look.
        """
        status = entry.stat(follow_symlinks=False)
        seen = Seen.of(status, now_ns=now_ns)
        if stat.S_ISLNK(status.st_mode):
            to = os.readlink(entry.path)  # noqa: PTH115 # the entry is no Path
            target.symlink_to(to)
            return seen._replace(digest=hashlib.sha256(os.fsencode(to)).hexdigest())
        if not stat.S_ISREG(status.st_mode):
            return seen
        known = self._known.get(path)
        place = self._place(path)
        if known is None or not known.seen.is_still(seen) or not _whole(place, known):
            known = self._copy(entry, place, status, seen)
        target.hardlink_to(place)
        self._stored[path] = known
        return known.seen

    def close(self) -> None:
        """Remove what the app no longer has, and remember the rest."""
        for path in self._known.keys() - self._stored.keys():
            self._change()
            self._place(path).unlink(missing_ok=True)
        if self._index.exists():
            return
        entries = {path: [*each.seen, each.inode] for path, each in self._stored.items()}
        self._folder.mkdir(mode=_PRIVATE, exist_ok=True)
        document = {"format": _FORMAT, "files": entries}
        write_atomically(self._index, json.dumps(document).encode(), mode=0o600)

    @property
    def _index(self) -> Path:
        return self._folder / _INDEX

    def _place(self, path: str) -> Path:
        return self._folder / hashlib.sha256(os.fsencode(path)).hexdigest()[:32]

    def _change(self) -> None:
        """Forget everything until ``close``: after a crash nobody knows what was copied."""
        self._index.unlink(missing_ok=True)

    def _copy(
        self, entry: "os.DirEntry[str]", place: Path, status: os.stat_result, seen: Seen
    ) -> _Stored:
        self._change()
        self._folder.mkdir(mode=_PRIVATE, exist_ok=True)
        place.unlink(missing_ok=True)
        checksum = hashlib.sha256()
        with Path(entry.path).open("rb") as source, place.open("xb") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
                checksum.update(chunk)
            os.fchmod(copy.fileno(), _mode_of_copy(status.st_mode))
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.copied += 1
        return _Stored(seen._replace(digest=checksum.hexdigest()), place.stat().st_ino)

    def _read(self) -> dict[str, _Stored]:
        """Return what is stored; nothing, and an empty folder, where that is not known."""
        try:
            document = json.loads(self._index.read_bytes())
        except (FileNotFoundError, ValueError):
            document = {}
        if document.get("format") != _FORMAT:
            remove_tree(self._folder)
            return {}
        return {
            path: _Stored(Seen(*facts[:-1]), facts[-1]) for path, facts in document["files"].items()
        }


def _mode_of_copy(mode: int) -> int:
    return stat.S_IMODE(mode) & 0o777 | stat.S_IRUSR


def _whole(place: Path, stored: _Stored) -> bool:
    """Tell whether a stored file is as it was written."""
    try:
        status = place.lstat()
    except FileNotFoundError:
        return False
    seen = stored.seen
    facts = stat.S_IMODE(status.st_mode), status.st_size, status.st_mtime_ns, status.st_ino
    return facts == (_mode_of_copy(seen.mode), seen.size, seen.modified_ns, stored.inode)


def copy_app(
    app: Path, target: Path, store: AppStore, of_the_app: Chosen, keep: Chosen
) -> Snapshot:
    """Make ``target`` a copy of the app and return how the app looked, left out files too.

    ``of_the_app`` tells of a path relative to the app whether it is part of it at all, ``keep``
    whether project.toml leaves it in.
    """
    copy = _Copy(store, of_the_app, keep)
    copy.folder(str(app.resolve()), target, "")
    store.close()
    target.chmod(0o755)  # the app's own folder may be a private temporary one
    return copy.seen


class _Copy:
    """One walk through the app."""

    def __init__(self, store: AppStore, of_the_app: Chosen, keep: Chosen) -> None:
        self._store, self._of_the_app, self._keep = store, of_the_app, keep
        self._now_ns = time.time_ns()
        self.seen: dict[str, Seen] = {}

    def folder(self, source: str, target: Path, path: str) -> None:
        target.mkdir()
        with os.scandir(source) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                below = f"{path}/{entry.name}" if path else entry.name
                if self._of_the_app(below):
                    self._add(entry, target / entry.name, below)
        if path and not any(target.iterdir()) and not self._keep(path):
            target.rmdir()
            return
        target.chmod(stat.S_IMODE(Path(source).stat().st_mode) | stat.S_IRWXU)

    def _add(self, entry: "os.DirEntry[str]", target: Path, path: str) -> None:
        if entry.is_dir(follow_symlinks=False):
            status = entry.stat(follow_symlinks=False)
            self.seen[path] = Seen.of(status, now_ns=self._now_ns)
            self.folder(entry.path, target, path)
        elif self._keep(path):
            self.seen[path] = self._store.put(entry, path, target, self._now_ns)
        else:
            status = entry.stat(follow_symlinks=False)
            self.seen[path] = Seen.of(status, now_ns=self._now_ns)
