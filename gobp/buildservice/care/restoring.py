"""Restore a backup into an empty place; see backup for what is in its file."""

import contextlib
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gobp.buildservice.care.backup import (
    DATABASE,
    END,
    FORMAT,
    HEAD,
    KEY,
    OBJECTS,
    Copied,
    Place,
    private_file,
)
from gobp.buildservice.storage.artifacts import decoded_manifest
from gobp.buildservice.storage.objects import Objects
from gobp.buildservice.storage.store import StorageError
from gobp.buildservice.storage.sweeping import MANIFESTS, blob_key
from gobp.errors import UserError

_BLOB = re.compile(r"blobs/[0-9a-f]{2}/([0-9a-f]{64})", re.ASCII)
_SMALL = re.compile(r"(?:builds/[0-9a-f]{32}\.json|logs/[0-9a-f]{32}\.gz)", re.ASCII)
_MOST_SMALL = 256 * 1024 * 1024  # bytes of what is read as a whole
_CHUNK = 1024 * 1024


def restore(place: Place, source: Path) -> Copied:
    """Restore all that is in a backup; every blob is compared with its digest.

    The database appears last, so that a restore that failed is no service. Raises UserError, for a
    place that is not empty too, and StorageError.
    """
    try:
        with tarfile.open(source, "r:") as tar:
            head = _head(tar, source)
            _check_empty(place, head, source)
            place.root.mkdir(mode=0o750, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".gobp-", dir=place.root) as folder:
                return _Reading(place, tar, source, Path(folder)).restore()
    except tarfile.TarError as error:
        raise _damaged(source, str(error)) from error
    except OSError as error:
        raise UserError(
            f"the backup {source} cannot be restored: {error.strerror or error}",
            remedy="see that it can be read, and that this user may write to root.",
        ) from error


class _Reading:
    """Restores one backup; ``folder`` is for what is not whole or checked yet."""

    def __init__(self, place: Place, tar: tarfile.TarFile, source: Path, folder: Path) -> None:
        self._place = place
        self._tar = tar
        self._source = source
        self._folder = folder
        self._blobs: set[str] = set()
        self._builds = 0
        self._problems: list[str] = []

    def restore(self) -> Copied:
        complete = False
        for member in self._tar:
            if not member.isreg():
                raise _damaged(self._source, f"{member.name!r} is no file")
            with self._content(member) as content:
                if member.name.startswith(OBJECTS):
                    self._restore_object(member.name.removeprefix(OBJECTS), member.size, content)
                elif member.name in {DATABASE, KEY}:
                    self._copy(content, self._folder / member.name)
                complete = member.name == END
        if not complete:
            raise _damaged(self._source, "its end is missing")
        self._take(KEY, self._place.key)
        self._take(DATABASE, self._place.database)
        size = self._source.stat().st_size
        return Copied(self._builds, len(self._blobs), size, tuple(self._problems))

    def _restore_object(self, key: str, size: int, content: IO[bytes]) -> None:
        objects = self._place.objects
        blob = _BLOB.fullmatch(key)
        if not blob and (not _SMALL.fullmatch(key) or size > _MOST_SMALL):
            raise _damaged(self._source, f"{key!r} is nothing that is in a backup")
        if objects is None:
            return
        if blob:
            self._restore_blob(objects, blob[1], content)
        elif not key.startswith(MANIFESTS):
            objects.create(key, content.read())
        else:
            self._restore_manifest(objects, key, content.read())

    def _restore_blob(self, objects: Objects, sha256: str, content: IO[bytes]) -> None:
        file = self._folder / "blob"
        if self._copy(content, file) == sha256:
            objects.put_file(blob_key(sha256), file)
            self._blobs.add(sha256)
        else:
            self._problems.append(f"the blob {sha256} is damaged")

    def _restore_manifest(self, objects: Objects, key: str, content: bytes) -> None:
        try:
            needed = {artifact.sha256 for artifact in decoded_manifest(content, key).artifacts}
        except StorageError as error:
            self._problems.append(str(error))
            return
        if needed <= self._blobs:
            objects.create(key, content)
            self._builds += 1
        else:
            self._problems.append(f"{key}: {', '.join(sorted(needed - self._blobs))} missing")

    def _take(self, name: str, target: Path | None) -> None:
        """Let a file that was restored appear; one that is there stays."""
        file = self._folder / name
        if target is not None and file.exists():
            with contextlib.suppress(FileExistsError):
                os.link(file, target)
            _sync(target.parent)

    def _copy(self, content: IO[bytes], file: Path) -> str:
        """Copy to a file that only this user may read; return its sha256."""
        digest = hashlib.sha256()
        with private_file(file) as copy:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        return digest.hexdigest()

    @contextlib.contextmanager
    def _content(self, member: tarfile.TarInfo) -> Iterator[IO[bytes]]:
        with self._tar.extractfile(member) or io.BytesIO() as content:
            yield content


def _head(tar: tarfile.TarFile, source: Path) -> dict[str, object]:
    """Return what a backup says of itself."""
    member = tar.next()
    if member is None or member.name != HEAD or member.size > _CHUNK:
        raise _damaged(source, "it does not begin as one")
    with tar.extractfile(member) or io.BytesIO() as content:
        try:
            head = json.load(content)
        except ValueError as error:
            raise _damaged(source, str(error)) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise UserError(
            f"the backup {source} is of another version of gobp",
            remedy="restore it with the gobp that wrote it.",
        )
    return head


def _check_empty(place: Place, head: dict[str, object], source: Path) -> None:
    if bool(head.get("database")) is not (place.database is not None):
        there, here = (
            ("SQLite", "PostgreSQL") if place.database is None else ("PostgreSQL", "SQLite")
        )
        raise UserError(
            f"the backup {source} is of a service with {there}; the settings have {here}",
            remedy="restore it with queue.postgresql set as it was.",
        )
    has_builds = (
        place.objects is not None and head.get("artifacts") and any(place.objects.listed(MANIFESTS))
    )
    if has_builds or (place.database is not None and place.database.exists()):
        raise UserError(
            f"there are builds in {place.root}, or in the storage, already",
            remedy="restore to an empty root, and an empty store.url if that is set.",
        )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(source: Path, why: str) -> UserError:
    return UserError(
        f"{source} is no whole backup of a build service: {why}",
        remedy="restore another one, to an empty root and storage.",
    )
