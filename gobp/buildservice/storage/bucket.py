"""Objects in a bucket, through obstore."""

import logging
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import MemoryStore, S3Store

from gobp.buildservice.storage.objects import Found
from gobp.buildservice.storage.presigned import Signer
from gobp.buildservice.storage.store import StorageError

if TYPE_CHECKING:  # it is not there at run time
    from obstore import GetOptions

_CHUNK = 1024 * 1024
_SECONDS_OF_URL = 900
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._+@=,-]+", re.ASCII)
_ERROR_CODE = re.compile(r"<Code>(\w+)</Code>")  # in the XML of an answer of S3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presigning:
    """How clients get objects from the bucket itself: ``base`` is its URL with a slash."""

    base: str
    signer: Signer


class BucketObjects:
    """See Objects. ``name`` is for people; without ``presigning`` clients get no URLs."""

    def __init__(
        self, store: S3Store | MemoryStore, name: str, presigning: Presigning | None = None
    ) -> None:
        self._store = store
        self._name = name
        self._presigning = presigning

    def create(self, key: str, content: bytes, /) -> bool:
        """See Objects.create."""
        with self._failures_told():
            try:
                obstore.put(self._store, key, content, mode="create")
            except AlreadyExistsError:
                return False
            return True

    def put_file(self, key: str, file: Path, /) -> None:
        """See Objects.put_file."""
        with file.open("rb") as source, self._failures_told():
            obstore.put(self._store, key, source, max_concurrency=2)

    def get(self, key: str, /) -> bytes | None:
        """See Objects.get."""
        with self._failures_told():
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError as error:
                _check_missing(error)
                return None

    def find(self, key: str, /) -> Found | None:
        """See Objects.find."""
        with self._failures_told():
            try:
                meta = obstore.head(self._store, key)
            except FileNotFoundError:
                return None
            return Found(key, meta["size"], meta["last_modified"].timestamp())

    def read(self, key: str, /, *, start: int, end: int | None) -> Iterator[bytes]:
        """See Objects.read."""
        with self._failures_told():
            try:
                found = obstore.get(self._store, key, options=_options(start, end))
            except FileNotFoundError as error:
                _check_missing(error)
                raise KeyError(key) from None
            chunks = iter(found.stream(min_chunk_size=_CHUNK))
        return self._chunks(key, chunks, found.range)

    async def stream(self, key: str, /, *, start: int, end: int | None) -> AsyncIterator[bytes]:
        """See Objects.stream."""
        with self._failures_told():
            try:
                found = await obstore.get_async(self._store, key, options=_options(start, end))
            except FileNotFoundError as error:
                _check_missing(error)
                raise KeyError(key) from None
            chunks = aiter(found.stream(min_chunk_size=_CHUNK))
        left = found.range[1] - found.range[0]
        while left > 0:
            with self._failures_told():
                chunk = await anext(chunks, b"")
            left = self._left(key, left, chunk)
            yield bytes(chunk)

    def listed(self, folder: str, /) -> Iterator[Found]:
        """See Objects.listed."""
        with self._failures_told():
            for batch in obstore.list(self._store, folder):
                for meta in batch:
                    yield Found(meta["path"], meta["size"], meta["last_modified"].timestamp())

    def remove(self, key: str, /) -> None:
        """See Objects.remove."""
        with self._failures_told():
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError as error:
                _check_missing(error)

    def path(self, key: str, /) -> Path | None:  # noqa: ARG002 # the protocol's
        """See Objects.path."""
        return None

    def url(self, key: str, name: str, media_type: str, /) -> str:
        """See Objects.url."""
        if self._presigning is None:
            return ""
        parameters = {
            "response-content-disposition": _disposition(name),
            "response-content-type": media_type,
        }
        url = f"{self._presigning.base}{key}"
        return self._presigning.signer.url(url, parameters, _SECONDS_OF_URL, time.time())

    def _chunks(
        self, key: str, chunks: Iterator[bytes], positions: tuple[int, int]
    ) -> Iterator[bytes]:
        left = positions[1] - positions[0]
        while left > 0:
            with self._failures_told():
                chunk = next(chunks, b"")
            left = self._left(key, left, chunk)
            yield bytes(chunk)

    def _left(self, key: str, left: int, chunk: bytes) -> int:
        if not chunk:
            raise self._failed(f"{left} bytes of {key} did not come")
        return left - len(chunk)

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            raise self._failed(str(error).partition("\n")[0]) from None

    def _failed(self, reason: str) -> StorageError:
        """Return the failure for clients; the reason, which may name hosts, is for the log."""
        _log.warning("%s: %s", self._name, reason)
        return StorageError("the storage cannot be used now")


def _options(start: int, end: int | None) -> "GetOptions":
    if end is not None:
        return {"range": (start, end)}
    return {"range": {"offset": start}} if start else {}


def _disposition(name: str) -> str:
    """Return what makes clients store a file by its name (RFC 6266)."""
    plain = _PLAIN_NAME.fullmatch(name)
    return "attachment; " + (
        f'filename="{name}"' if plain else f"filename*=UTF-8''{quote(name, safe='')}"
    )


def _check_missing(error: FileNotFoundError) -> None:
    """Raise the error again unless it is the object that is missing, not the bucket or user."""
    code = _ERROR_CODE.search(str(error))
    if code is not None and code[1] != "NoSuchKey":
        raise error
