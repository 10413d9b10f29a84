"""Back a build service up into one file, while it runs.

The file is a tar: ``gobp-backup.json``; the database as it was at one moment; the key that signs
provenance, so that the file is a secret; then artifacts: each blob before the first manifest that
names it; then logs; ``complete.json`` last. Builds that end meanwhile may be in it or not.
"""

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gobp.buildservice.storage.artifacts import LOGS, decoded_manifest
from gobp.buildservice.storage.objects import Found, Objects
from gobp.buildservice.storage.store import StorageError
from gobp.buildservice.storage.sweeping import MANIFESTS, blob_key
from gobp.errors import UserError

FORMAT = 1
HEAD, END = "gobp-backup.json", "complete.json"
DATABASE, KEY, OBJECTS = "builds.db", "provenance.key", "artifacts/"


@dataclass(frozen=True, slots=True)
class Place:
    """What is backed up, or restored to.

    ``database`` is the SQLite file, None where builds are in PostgreSQL; ``key`` the file of the
    key that the service has made, None where it is given one; ``objects`` the storage, None where
    that is left out.
    """

    root: Path
    database: Path | None
    key: Path | None
    objects: Objects | None


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: ``builds`` that have artifacts, their ``blobs``, and all bytes."""

    builds: int
    blobs: int
    size: int
    problems: tuple[str, ...] = ()


def back_up(place: Place, target: Path, clock: Callable[[], float] = time.time) -> Copied:
    """Write a backup to a file that is not there yet; it appears when it is whole.

    What is wrong in the storage is among the problems. Raises UserError, StorageError.
    """
    if target.exists():
        raise UserError(f"{target} is there already", remedy="name a file that is not there yet.")
    try:
        with tempfile.TemporaryDirectory(prefix=".gobp-", dir=target.parent) as folder:
            temporary = Path(folder) / "backup"
            with private_file(temporary) as file:
                copied = _Writer(place, file, Path(folder), int(clock())).write()
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(target)
    except OSError as error:
        raise UserError(
            f"the backup {target} cannot be written: {error.strerror}",
            remedy="name a file in a folder that this user may write to, with space for all.",
        ) from error
    return copied


class _Writer:
    """Writes one backup to a file; ``folder`` is for what is needed meanwhile."""

    def __init__(self, place: Place, file: IO[bytes], folder: Path, now: int) -> None:
        self._place = place
        self._file = file
        self._folder = folder
        self._now = now
        self._blobs: set[str] = set()
        self._builds = 0
        self._problems: list[str] = []

    def write(self) -> Copied:
        place = self._place
        with tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT) as self._tar:
            head = {"format": FORMAT, "time": self._now, "artifacts": place.objects is not None}
            self._add_json(HEAD, {**head, "database": place.database is not None})
            if place.database is not None:
                self._add_file(DATABASE, _copied_database(place.database, self._folder / DATABASE))
            if place.key is not None and place.key.exists():
                self._add_file(KEY, place.key)
            if place.objects is not None:
                self._add_artifacts(place.objects)
            self._add_json(END, {"builds": self._builds, "blobs": len(self._blobs)})
        size = self._file.tell()
        return Copied(self._builds, len(self._blobs), size, tuple(self._problems))

    def _add_artifacts(self, objects: Objects) -> None:
        for found in sorted(objects.listed(MANIFESTS), key=lambda each: each.key):
            content = objects.get(found.key)
            if content is None:  # removed since
                continue
            try:
                blobs = {each.sha256 for each in decoded_manifest(content, found.key).artifacts}
            except StorageError as error:
                self._problems.append(str(error))
                continue
            missing = [sha256 for sha256 in sorted(blobs) if not self._add_blob(objects, sha256)]
            if not missing:
                self._builds += 1
                self._add_bytes(f"{OBJECTS}{found.key}", content)
            elif objects.find(found.key) is not None:
                self._problems.append(f"{found.key}: {', '.join(missing)} missing or damaged")
        for found in sorted(objects.listed(LOGS), key=lambda each: each.key):
            content = objects.get(found.key)
            if content is not None:
                self._add_bytes(f"{OBJECTS}{found.key}", content)

    def _add_blob(self, objects: Objects, sha256: str) -> bool:
        """Add a blob, unless it is in the backup; say whether it is there, as it should be."""
        found = None if sha256 in self._blobs else objects.find(blob_key(sha256))
        if found is None:
            return sha256 in self._blobs
        try:
            chunks = objects.read(found.key, start=0, end=None)
        except KeyError:  # removed since
            return False
        if self._add_chunks(found, chunks) != sha256:
            return False
        self._blobs.add(sha256)
        return True

    def _add_chunks(self, found: Found, chunks: Iterator[bytes]) -> str:
        """Add an object and return its sha256."""
        with contextlib.closing(_Reader(chunks)) as reader:
            self._tar.addfile(self._member(f"{OBJECTS}{found.key}", found.size), reader)
        return reader.digest.hexdigest()

    def _add_file(self, name: str, file: Path) -> None:
        with file.open("rb") as content:
            self._tar.addfile(self._member(name, file.stat().st_size), content)

    def _add_json(self, name: str, value: object) -> None:
        self._add_bytes(name, json.dumps(value).encode())

    def _add_bytes(self, name: str, content: bytes) -> None:
        self._tar.addfile(self._member(name, len(content)), io.BytesIO(content))

    def _member(self, name: str, size: int) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.size = size
        member.mtime = self._now
        member.mode = 0o600
        return member


class _Reader(io.RawIOBase):
    """Chunks as a file that is read once; ``digest`` is of what was read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer at the end only."""
        parts = [self._rest]
        left = size - len(self._rest)
        while left > 0 and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            left -= len(chunk)
        content = b"".join(parts)
        self._rest = content[size:]
        self.digest.update(content[:size])
        return content[:size]


def _copied_database(database: Path, copy: Path) -> Path:
    """Copy an SQLite database as it is at one moment; nobody who writes it waits."""
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
            ) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            found = target.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise UserError(
            f"the database {database} cannot be backed up: {found}",
            remedy="see that it is there and not damaged; else restore an older backup.",
        )
    return copy


def private_file(path: Path) -> IO[bytes]:
    """Open an empty file that only this user may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
