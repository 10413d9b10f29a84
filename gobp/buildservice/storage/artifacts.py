"""Artifacts by their content: blobs, and a manifest of each build that is written last.

Below the root of the objects are ``blobs/ab/ab...`` by sha256, ``builds/ID.json`` manifests,
``logs/ID.gz`` logs, and for moments ``publishing/ID.*`` and ``condemned/ab...`` (see sweeping).
"""

import hashlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gobp.buildservice.builds.build import Artifact
from gobp.buildservice.storage.objects import Objects
from gobp.buildservice.storage.store import Manifest, StorageError
from gobp.buildservice.storage.sweeping import (
    MANIFESTS,
    PUBLISHING,
    Sweep,
    blob_key,
    condemned_key,
)

LOGS = "logs"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_BUILD_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PATIENCE = 120.0  # seconds; a sweep that takes a blob decides in less, or has died
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """See Store. ``patience`` is how long a sweep is waited for that has condemned a blob."""

    objects: Objects
    patience: float = _PATIENCE
    clock: Callable[[], float] = time.time

    def put(self, file: Path, /) -> tuple[str, int]:
        """See Store.put."""
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.tell()
        self.objects.put_file(blob_key(sha256), file)
        self._await_sweep(sha256)
        if self.objects.find(blob_key(sha256)) is None:  # it took what was there before
            self.objects.put_file(blob_key(sha256), file)
        return sha256, size

    def publish(self, manifest: Manifest, /) -> Manifest:
        """See Store.publish. Raises StorageError where a blob of the manifest is gone."""
        published = self.published(manifest.build_id)
        if published is not None:
            return published
        content = msgspec.json.encode(manifest)
        draft = f"{PUBLISHING}/{_checked_id(manifest.build_id)}.{secrets.token_hex(8)}"
        self.objects.create(draft, content)
        try:
            for artifact in manifest.artifacts:
                self._check(artifact)
            if self.objects.create(_manifest_key(manifest.build_id), content):
                return manifest
        finally:
            self.objects.remove(draft)
        return self.published(manifest.build_id) or manifest

    def published(self, build_id: str, /) -> Manifest | None:
        """See Store.published."""
        if not _BUILD_ID.fullmatch(build_id):
            return None
        content = self.objects.get(_manifest_key(build_id))
        return None if content is None else decoded_manifest(content, build_id)

    def path(self, sha256: str, /) -> Path | None:
        """See Store.path."""
        return self.objects.path(_checked_blob(sha256))

    def url(self, sha256: str, name: str, media_type: str, /) -> str:
        """See Store.url."""
        return self.objects.url(_checked_blob(sha256), name, media_type)

    def read(self, sha256: str, /, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See Store.read."""
        key = _checked_blob(sha256)
        if end is not None and end <= start:
            self._check_there(key)
            return iter(())
        return self.objects.read(key, start=start, end=end)

    async def stream(
        self, sha256: str, /, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """See Store.stream."""
        key = _checked_blob(sha256)
        if end is None or end > start:
            async for chunk in self.objects.stream(key, start=start, end=end):
                yield chunk

    def remove(self, build_ids: list[str], /) -> None:
        """See Store.remove."""
        for build_id in build_ids:
            self.objects.remove(_manifest_key(build_id))

    def sweep(self, *, grace_seconds: float) -> tuple[int, int]:
        """See Store.sweep."""
        return Sweep(self.objects, self.clock).run(grace_seconds)

    def put_log(self, build_id: str, content: bytes, /) -> None:
        """Store the log of a build; what is there stays."""
        self.objects.create(_log_key(build_id), content)

    def log(self, build_id: str, /) -> bytes | None:
        """Return the log of a build as it was stored, None if there is none."""
        return self.objects.get(_log_key(build_id))

    def remove_log(self, build_id: str, /) -> None:
        """Forget the log of a build."""
        self.objects.remove(_log_key(build_id))

    def _check(self, artifact: Artifact) -> None:
        """Raise StorageError unless a blob is there, and stays: its build is being published."""
        self._await_sweep(artifact.sha256)
        found = self.objects.find(_checked_blob(artifact.sha256))
        if found is None or found.size != artifact.size:
            raise StorageError(f"{artifact.name} is not in the storage any more")

    def _check_there(self, key: str) -> None:
        if self.objects.find(key) is None:
            raise KeyError(key)

    def _await_sweep(self, sha256: str) -> None:
        """Wait until no sweep is about to take a blob; one that takes too long has died."""
        mark = condemned_key(sha256)
        end = time.monotonic() + self.patience
        while self.objects.find(mark) is not None:
            if time.monotonic() > end:
                self.objects.remove(mark)
            else:
                time.sleep(_PAUSE)


def decoded_manifest(content: bytes, name: str) -> Manifest:
    """Return a manifest from its JSON. Raises StorageError."""
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise StorageError(f"the manifest of {name} is damaged: {error}") from None


def _checked_blob(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise KeyError(sha256)
    return blob_key(sha256)


def _checked_id(build_id: str) -> str:
    if not _BUILD_ID.fullmatch(build_id):
        raise ValueError(f"{build_id!r} is no id of a build")
    return build_id


def _manifest_key(build_id: str) -> str:
    return f"{MANIFESTS}/{_checked_id(build_id)}.json"


def _log_key(build_id: str) -> str:
    return f"{LOGS}/{_checked_id(build_id)}.gz"
