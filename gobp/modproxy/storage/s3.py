"""The trees in S3-compatible storage: each file an object of the same path (see Backing).

Below the prefix are ``public/`` and ``private/``. The hash of a zip is stored before the zip, and
only if there is none, so that of two nodes one decides what a version is.
"""

import asyncio
import contextlib
import logging
import time
from pathlib import Path

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.fetching.pauses import Pauses
from gobp.modproxy.kept import Kept
from gobp.modproxy.protocol.requests import (
    Kind,
    ModuleFile,
    NotOfTheProtocolError,
    parse_request,
    version_folder,
)
from gobp.modproxy.protocol.version_list import versions_of_files
from gobp.modproxy.sources.source import SourceError, UnavailableError
from gobp.modproxy.storage.bucket import Bucket
from gobp.modproxy.storage.uploads import Uploads
from gobp.modproxy.tree.module_tree import ChangedVersionError, ModuleTree
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import read_zip_hash

_MOST_PIN = 200
_SECONDS_OF_URL = 900
_SECONDS_KNOWN = 3600  # for which an object that was there is believed to be there
_SECONDS_IDLE = 5.0
_PAUSES = Pauses(1.0, 60.0)
_log = logging.getLogger(__name__)


class S3Backing:
    """Keeps what the public and the private tree have in a bucket (see Backing)."""

    def __init__(
        self, bucket: Bucket, trees: Trees, uploads: Uploads, *, redirect_above: int = 0
    ) -> None:
        self._bucket = bucket
        self._trees = {"public": trees.public, "private": trees.private}
        self._uploads = uploads
        self._redirect_above = redirect_above
        self._large: Kept[str, bool] = Kept(20_000)
        self._storing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to store what is noted, in the event loop that runs."""
        self._storing = asyncio.ensure_future(self._store_noted())

    async def load(self, file: ModuleFile, tree: ModuleTree, /) -> bool:
        """See Backing.load. What comes is not believed to be whole, or what it was."""
        key = self._key(file, tree)
        if not key:
            return False
        try:
            if file.kind is Kind.ZIP:
                return await self._load_zip(key, file, tree)
            return await self._load_small(key, file, tree)
        except ChangedVersionError as error:
            _log.error("%s in the storage: %s", key, error.summary)
            raise UnavailableError(f"{error.summary}; it is not served") from None

    def expect(self, file: ModuleFile, tree: ModuleTree, /) -> None:
        """See Backing.expect."""
        key = self._key(file, tree)
        if key:
            self._uploads.note(key)

    async def store(self, file: ModuleFile, tree: ModuleTree, /) -> None:
        """See Backing.store."""
        key = self._key(file, tree)
        if key:
            with contextlib.suppress(SourceError):  # it is noted: it is stored later
                await self._store(key)

    async def versions(self, module: str, tree: ModuleTree, /) -> tuple[str, ...]:
        """See Backing.versions."""
        area = self._area(tree)
        if not area:
            return ()
        names = await self._bucket.names(f"{area}/{version_folder(module)}")
        found = versions_of_files(module, names)
        return tuple(version for version in found if not is_pseudo_version(version))

    async def url(self, file: ModuleFile, tree: ModuleTree, /) -> str:
        """See Backing.url."""
        key = self._key(file, tree) if file.kind is Kind.ZIP else ""
        if not self._redirect_above or not key or self._is_small(tree.find(file)):
            return ""
        with contextlib.suppress(SourceError):  # then it is served from here
            if await self._is_large_there(key):
                return await self._bucket.url(key, _SECONDS_OF_URL)
        return ""

    async def close(self) -> None:
        """See Backing.close."""
        if self._storing is not None:
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)

    async def _load_zip(self, key: str, file: ModuleFile, tree: ModuleTree) -> bool:
        pin = await self._bucket.read(_pin_key(key), most=_MOST_PIN)
        if pin is None:
            return False
        h1 = pin.decode("ascii", "replace").strip()
        with tree.new_file() as temporary:
            if not await self._bucket.download(key, temporary):
                return False
            if await asyncio.to_thread(read_zip_hash, temporary, file) != h1:
                _log.error("%s in the storage is damaged: its hash is not %s; remove it", key, h1)
                return False
            await asyncio.to_thread(tree.publish_zip, temporary, file, h1)
        return True

    async def _load_small(self, key: str, file: ModuleFile, tree: ModuleTree) -> bool:
        content = await self._bucket.read(key, most=MOST_GO_MOD_BYTES)
        if content is None:
            return False
        if file.kind is Kind.MOD:
            pinned = tree.pinned_hash(file.module, file.version, Kind.MOD)
            h1 = go_mod_hash(content)
            if pinned not in {"", h1}:
                raise ChangedVersionError(file, pinned, h1)
        await asyncio.to_thread(tree.publish_small, file, content)
        return True

    async def _store_noted(self) -> None:
        """Store what is noted and was not stored at once: now, and again after failures."""
        pauses = iter(_PAUSES)
        while True:
            try:
                for key in await asyncio.to_thread(lambda: list(self._uploads.noted())):
                    await self._store(key)
                pauses = iter(_PAUSES)
                pause = _SECONDS_IDLE
            except (SourceError, OSError) as error:
                pause = next(pauses)
                _log.warning("what is to be stored is tried again in %.0f s: %s", pause, error)
            await asyncio.sleep(pause)

    async def _store(self, key: str) -> None:
        """Store the file of a key, unless somebody does. Raises SourceError."""
        with self._uploads.claimed(key) as claimed:
            if not claimed:
                return
            area, _, path = key.partition("/")
            source = self._trees[area].root / path
            if source.is_file():
                await self._put(key, source)
            elif not self._uploads.will_not_come(key):
                return
            self._uploads.done(key)

    async def _put(self, key: str, source: Path) -> None:
        if not key.endswith(".zip"):
            content = await asyncio.to_thread(source.read_bytes)
            if not await self._bucket.put_new(key, content) and key.endswith(".mod"):
                self._tell_difference(
                    key, await self._bucket.read(key, most=MOST_GO_MOD_BYTES), content
                )
            return
        h1 = await asyncio.to_thread(_zip_hash, source, key)
        pin_key = _pin_key(key)
        if not await self._bucket.put_new(pin_key, h1.encode()):
            stored = await self._bucket.read(pin_key, most=_MOST_PIN)
            if self._tell_difference(key, stored, h1.encode()):
                return
        await self._bucket.put_file(key, source)

    def _tell_difference(self, key: str, stored: bytes | None, ours: bytes) -> bool:
        differs = stored is not None and stored.strip() != ours.strip()
        if differs:
            _log.error(
                "%s is in the storage with other content than here; which is right is to be found "
                "out (gobp modules verify), the one that was stored first stays",
                key,
            )
        return differs

    async def _is_large_there(self, key: str) -> bool:
        now = time.monotonic()
        known = self._large.get(key, now)
        if known is None:
            known = (await self._bucket.size(key) or 0) > self._redirect_above
            self._large.put(key, known, now + (_SECONDS_KNOWN if known else _SECONDS_IDLE))
        return known

    def _is_small(self, path: Path | None) -> bool:
        return path is not None and path.stat().st_size <= self._redirect_above

    def _area(self, tree: ModuleTree) -> str:
        return next((area for area, each in self._trees.items() if each is tree), "")

    def _key(self, file: ModuleFile, tree: ModuleTree) -> str:
        area = self._area(tree)
        return f"{area}/{file.path}" if area else ""


def _pin_key(zip_key: str) -> str:
    return f"{zip_key}hash"


def _zip_hash(source: Path, key: str) -> str:
    """Return the hash of a zip, from beside it or, where there is none, made from it."""
    try:
        pinned = source.with_suffix(".ziphash").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pinned = ""
    if pinned:
        return pinned
    file = parse_request(key.partition("/")[2])
    if not isinstance(file, ModuleFile):
        raise NotOfTheProtocolError(f"{key} is no file of a version")
    return read_zip_hash(source, file)
