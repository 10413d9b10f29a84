"""Objects below a prefix of a bucket, with one kind of failure: UnavailableError."""

import asyncio
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from gobp.modproxy.settings.schema import Store
from gobp.modproxy.sources.source import UnavailableError
from gobp.serving.s3 import bucket_of, keys_in

_CHUNK = 1024 * 1024
_MOST_AT_ONCE = 8 * 1024 * 1024  # bytes of an object that is sent in one request
_SECONDS_DOWN = 5  # after a failure, in which nothing is asked
_KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ERROR_CODE = re.compile(r"<Code>(\w+)</Code>")  # in the XML of an answer of S3
_log = logging.getLogger(__name__)


class Bucket:
    """A bucket, or what is below a prefix of it. Keys are paths with slashes.

    All methods raise UnavailableError where the storage fails.
    """

    def __init__(self, store: S3Store, name: str) -> None:
        self._store = store
        self._name = name
        self._down_until = 0.0

    async def read(self, key: str, *, most: int) -> bytes | None:
        """Return a small object, None if there is none."""
        with self._failures_told():
            try:
                found = await obstore.get_async(self._store, key)
            except FileNotFoundError as error:
                _check_missing(error)
                return None
            if found.meta["size"] > most:
                raise UnavailableError(f"{self._name}: {key} is larger than {most} bytes")
            return bytes(await found.bytes_async())

    async def download(self, key: str, target: Path) -> bool:
        """Write an object to an empty file; return False if there is none. Raises OSError."""
        with self._failures_told():
            try:
                found = await obstore.get_async(self._store, key)
            except FileNotFoundError as error:
                _check_missing(error)
                return False
            chunks = aiter(found.stream(min_chunk_size=_CHUNK))
        size = 0
        with target.open("wb") as file:
            while True:
                with self._failures_told():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                size += await asyncio.to_thread(file.write, chunk)
        if size != found.meta["size"]:
            raise self._failed(f"only {size} of {found.meta['size']} bytes of {key} came")
        return True

    async def put_new(self, key: str, content: bytes) -> bool:
        """Store a small object; return False if there is one already, which stays."""
        with self._failures_told():
            try:
                await obstore.put_async(self._store, key, content, mode="create")
            except AlreadyExistsError:
                return False
            return True

    async def put_file(self, key: str, source: Path) -> None:
        """Store a file, unless there is an object of its size already."""
        size = await asyncio.to_thread(os.path.getsize, source)
        if size <= _MOST_AT_ONCE:
            await self.put_new(key, await asyncio.to_thread(source.read_bytes))
        elif await self.size(key) != size:
            with self._failures_told():
                await obstore.put_async(self._store, key, source, max_concurrency=2)

    async def size(self, key: str) -> int | None:
        """Return the size of an object in bytes, None if there is none."""
        with self._failures_told():
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                return None

    async def names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder, unsorted."""
        with self._failures_told():
            batches = obstore.list(self._store, folder)
            return [found["path"].rpartition("/")[2] async for batch in batches for found in batch]

    async def url(self, key: str, seconds: int) -> str:
        """Return a URL at which anybody gets an object for a while."""
        with self._failures_told():
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        if time.monotonic() < self._down_until:
            raise _unreachable()
        try:
            yield
        except (BaseError, OSError) as error:
            raise self._failed(str(error).partition("\n")[0]) from None

    def _failed(self, reason: str) -> UnavailableError:
        """Return the failure for clients; the reason, which may name hosts, is for the log."""
        self._down_until = time.monotonic() + _SECONDS_DOWN
        _log.warning("%s: %s", self._name, reason)
        return _unreachable()


def _check_missing(error: FileNotFoundError) -> None:
    """Raise the error again unless it is the object that is missing, not the bucket or user."""
    code = _ERROR_CODE.search(str(error))
    if code is not None and code[1] != "NoSuchKey":
        raise error


def _unreachable() -> UnavailableError:
    return UnavailableError(
        "the storage of this proxy cannot be reached", status=503, retry_after=_SECONDS_DOWN
    )


def open_bucket(settings: Store, env: Mapping[str, str]) -> Bucket:
    """Return the bucket of ``settings.url``; nothing is asked of it yet.

    Without a key file and without the variables AWS_..., the keys are what the machine's role
    gives. Raises UserError for settings that cannot be right.
    """
    parts = bucket_of(settings.url, settings.endpoint, allow_http=settings.allow_http)
    access_key, secret_key = _keys(settings, env)
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=settings.endpoint or None,
        region=settings.region,
        access_key_id=access_key,
        secret_access_key=secret_key,
        client_options={
            "allow_http": settings.allow_http,
            "connect_timeout": "5s",
            "read_timeout": "30s",
            "timeout": "300s",
        },
        retry_config={"max_retries": 3},
    )
    return Bucket(store, settings.url)


def _keys(settings: Store, env: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return access key and secret key, None where they are to be found elsewhere."""
    if settings.access_key_file:
        return keys_in(Path(settings.access_key_file))
    access_key, secret_key = (env.get(name) for name in _KEY_VARIABLES)
    return (access_key, secret_key) if access_key and secret_key else (None, None)
