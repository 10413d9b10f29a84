"""Stores of every kind for tests, and what is put into them."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from obstore.store import MemoryStore

from gobp.buildservice.builds.build import Artifact
from gobp.buildservice.builds.key import new_id
from gobp.buildservice.settings.schema import Store as StoreSettings
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.bucket import BucketObjects
from gobp.buildservice.storage.opening import open_store
from gobp.buildservice.storage.store import Manifest
from tests.modproxy.storage.s3_server import S3Server, s3_server

GRACE = 3600.0


def folder_store(root: Path) -> ArtifactStore:
    return open_store(StoreSettings(), root, {})


def memory_store() -> ArtifactStore:
    return ArtifactStore(BucketObjects(MemoryStore(), "memory"))


def s3_settings(server: S3Server, folder: Path) -> StoreSettings:
    return msgspec.convert(server.settings(folder), StoreSettings)


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[ArtifactStore]:
    """Give an empty store: folder, memory or s3 (skipped where there is no server of it)."""
    if kind == "folder":
        yield folder_store(folder)
    elif kind == "memory":
        yield memory_store()
    else:
        with s3_server(folder) as server:
            yield open_store(s3_settings(server, folder), folder, {})


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / f"file-{secrets.token_hex(8)}"
    path.write_bytes(content)
    return path


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def artifact(content: bytes, name: str = "tool_linux_amd64.tar.gz") -> Artifact:
    return Artifact(
        name=name,
        kind="archive",
        sha256=sha256_of(content),
        size=len(content),
        media_type="application/gzip",
    )


def manifest(*contents: bytes, build_id: str = "") -> Manifest:
    artifacts = tuple(artifact(content) for content in contents)
    return Manifest(build_id or new_id(), 1_700_000_000, artifacts)
