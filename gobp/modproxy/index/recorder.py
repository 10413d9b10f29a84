"""Tells the index what a worker does, in a thread of its own, every few seconds."""

import logging
import threading
import time
from collections.abc import Callable

from gobp.modproxy.index.index import Index, IndexUnavailableError, Published, Use
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import ModuleFile

_SECONDS = 2.0
_SECONDS_AFTER_FAILURE = 30.0
_MOST_USES = 20_000  # different ones between two writings
_LONGEST_WHO = 100  # characters
_STOP_SECONDS = 20.0
_LOG = logging.getLogger(__name__)
_UseKey = tuple[str, str, str, Origin]


class Recorder:
    """Collects what happens, and writes it to an index every ``seconds``.

    ``published`` and ``used`` may be called in an event loop: they never wait. While the index
    cannot be written, files that were published are kept, and uses too as long as there is room;
    ``dropped`` counts those that were not. ``clock`` gives seconds of the epoch.
    """

    def __init__(
        self, index: Index, *, seconds: float = _SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self.dropped = 0
        self._index = index
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()  # held for a moment only: never while anything is written
        self._published: list[Published] = []
        self._uses: dict[_UseKey, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gobp-index", daemon=True)
        self._failing = False

    def start(self) -> None:
        """Begin to write; makes the index first where there is none."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end; waits for it, but not for ever."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def published(self, file: ModuleFile, size: int, *, private: bool, h1: str = "") -> None:
        """Take note of a file of ``size`` bytes that is new in a tree."""
        record = Published(file, size, private, self._clock(), h1)
        with self._lock:
            self._published.append(record)

    def used(self, module: str, version: str, who: str, origin: Origin) -> None:
        """Take note that ``who`` (a user or an address) was given a file of a version."""
        key = (module, version, who, origin)
        with self._lock:
            self._count(key, 1)

    def flush(self) -> None:
        """Write what there is; what cannot be written is kept for the next time."""
        published, uses = self._taken()
        try:
            self._index.prepare()
            if published:
                self._index.published(published)
                published = []
            if uses:
                self._index.used([self._use(key, count) for key, count in uses.items()])
        except IndexUnavailableError as error:
            self._put_back(published, uses)
            if not self._failing:
                _LOG.warning("uses of modules are not written down for now: %s", error)
            self._failing = True
        else:
            self._failing = False

    def _run(self) -> None:
        self._try_to_flush()
        while not self._stopping.wait(_SECONDS_AFTER_FAILURE if self._failing else self._seconds):
            self._try_to_flush()
        self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except Exception:  # noqa: BLE001 # the batch is lost, but the next ones are not
            _LOG.exception("writing the index failed; this is a bug in gobp")

    def _taken(self) -> tuple[list[Published], dict[_UseKey, int]]:
        with self._lock:
            published, self._published = self._published, []
            uses, self._uses = self._uses, {}
        return published, uses

    def _put_back(self, published: list[Published], uses: dict[_UseKey, int]) -> None:
        with self._lock:
            self._published[:0] = published
            for key, count in uses.items():
                self._count(key, count)

    def _count(self, key: _UseKey, count: int) -> None:
        if key in self._uses or len(self._uses) < _MOST_USES:
            self._uses[key] = self._uses.get(key, 0) + count
        else:
            self.dropped += count

    def _use(self, key: _UseKey, count: int) -> Use:
        module, version, who, origin = key
        who = who if who.isprintable() else repr(who)
        return Use(module, version, who[:_LONGEST_WHO], origin, count, self._clock())
