"""Answers with small files, kept ready in memory for the next who asks."""

from dataclasses import dataclass

from gobp.modproxy.access.principal import Principal
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.server.rsgi import Headers

LARGEST = 64 * 1024  # bytes of one
_BESIDES = 1024  # bytes that an entry takes besides its content, about


@dataclass(slots=True)
class Ready:
    """An answer of status 200, ready to be sent.

    ``until`` is by time.perf_counter; ``module`` is what a client must be allowed to read, "" for
    what belongs to none; ``kind`` and ``file`` are for the log. ``reader`` is who was found to be
    allowed last; ``used`` says that it was asked for since it was last looked at.
    """

    headers: Headers
    body: bytes
    module: str
    kind: str
    file: ModuleFile | None
    until: float
    reader: Principal | None = None
    used: bool = False


class SmallFiles:
    """Answers by the path that was asked for; those that nobody asks for any more go first.

    To note each use costs next to nothing: the order is that of the clock algorithm, by which an
    entry that was used since it was last looked at is given another round.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._entries: dict[str, Ready] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Return about how many bytes are used."""
        return self._size

    def get(self, path: str, now: float) -> Ready | None:
        """Return the answer to a path, None if there is none or its time is over."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        if entry.until < now:
            self._remove(path)
            return None
        entry.used = True
        return entry

    def put(self, path: str, entry: Ready) -> None:
        """Keep an answer, unless it is large."""
        if len(entry.body) > LARGEST:
            return
        if path in self._entries:
            self._remove(path)
        self._entries[path] = entry
        self._size += _BESIDES + len(entry.body)
        while self._size > self._most:
            self._make_room()

    def clear(self) -> None:
        """Forget all, after something was published or a rule has changed."""
        self._entries.clear()
        self._size = 0

    def _make_room(self) -> None:
        path, entry = next(iter(self._entries.items()))
        if entry.used:
            entry.used = False
            self._entries[path] = self._entries.pop(path)
        else:
            self._remove(path)

    def _remove(self, path: str) -> None:
        self._size -= _BESIDES + len(self._entries.pop(path).body)
