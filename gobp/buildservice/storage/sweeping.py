"""Remove blobs that no build has, beside workers that publish.

No lock is needed, so that it is right in a bucket too. Who publishes writes a draft first, then
looks whether a blob is condemned; a sweep condemns first, then looks for drafts and manifests. So
at least one sees the other: the sweep spares the blob, or the publisher waits and looks anew.
All that is asked of the storage is that everybody sees at once what anybody has written.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec

from gobp.buildservice.storage.objects import Found, Objects
from gobp.buildservice.storage.store import Manifest, StorageError

BLOBS, MANIFESTS = "blobs", "builds"
PUBLISHING, CONDEMNED = "publishing", "condemned"
_BATCH = 100
_SECONDS_TO_DECIDE = 30.0  # and as long again to say so: much less than what a publisher waits
_SECONDS_LEFT = 86_400.0  # after which whoever wrote a draft or condemned a blob has died
_READERS = 16


def blob_key(sha256: str) -> str:
    """Return the key of a blob."""
    return f"{BLOBS}/{sha256[:2]}/{sha256}"


def condemned_key(sha256: str) -> str:
    """Return the key that a blob has while a sweep is about to take it."""
    return f"{CONDEMNED}/{sha256}"


class Sweep:
    """One sweep; manifests never change, so it reads each of them once."""

    def __init__(self, objects: Objects, clock: Callable[[], float]) -> None:
        self._objects = objects
        self._clock = clock
        self._named: dict[str, frozenset[str]] = {}  # digests by the key of who names them

    def run(self, grace_seconds: float) -> tuple[int, int]:
        """Remove blobs that nothing names and that are older; return their number and bytes.

        Raises StorageError, also for a manifest that cannot be read: its blobs must stay.
        """
        now = self._clock()
        self._remove_left(now)
        old = [blob for blob in self._objects.listed(BLOBS) if blob.time < now - grace_seconds]
        candidates = iter(self._without_name(old))
        removed = size = 0
        while batch := list(islice(candidates, _BATCH)):
            for blob in self._condemned(batch, now - grace_seconds):
                removed += 1
                size += blob.size
        return removed, size

    def _condemned(self, batch: Sequence[Found], latest: float) -> list[Found]:
        """Condemn, look again, and remove what nothing names even now."""
        until = time.monotonic() + _SECONDS_TO_DECIDE
        marked = [blob for blob in batch if self._objects.create(_mark(blob), b"")]
        removed = []
        try:
            for blob in self._without_name(marked):
                found = self._objects.find(blob.key)
                if found is None or found.time >= latest or time.monotonic() > until:
                    continue
                self._objects.remove(blob.key)
                removed.append(blob)
        finally:
            for blob in marked:
                if time.monotonic() < until + _SECONDS_TO_DECIDE:  # else it may be another's mark
                    self._objects.remove(_mark(blob))
        return removed

    def _without_name(self, blobs: Iterable[Found]) -> list[Found]:
        self._learn_names()
        named = frozenset().union(*self._named.values())
        return [blob for blob in blobs if _digest(blob) not in named]

    def _learn_names(self) -> None:
        """Learn what is named now: by drafts first, which a manifest takes the place of."""
        for folder in (PUBLISHING, MANIFESTS):
            keys = [each.key for each in self._objects.listed(folder)]
            new = [key for key in keys if key not in self._named]
            with ThreadPoolExecutor(_READERS) as readers:
                self._named.update(zip(new, readers.map(self._digests, new), strict=True))

    def _digests(self, key: str) -> frozenset[str]:
        content = self._objects.get(key)
        if content is None:  # removed since
            return frozenset()
        try:
            manifest = msgspec.json.decode(content, type=Manifest)
        except msgspec.DecodeError as error:
            raise StorageError(f"{key} in the storage is damaged: {error}") from None
        return frozenset(artifact.sha256 for artifact in manifest.artifacts)

    def _remove_left(self, now: float) -> None:
        for folder in (PUBLISHING, CONDEMNED):
            for each in list(self._objects.listed(folder)):
                if each.time < now - _SECONDS_LEFT:
                    self._objects.remove(each.key)


def _mark(blob: Found) -> str:
    return condemned_key(_digest(blob))


def _digest(blob: Found) -> str:
    return blob.key.rpartition("/")[2]
