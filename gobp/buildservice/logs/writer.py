"""Write the log of a build while it runs: a thread hands over what was said, again and again."""

import logging
import secrets
import threading
import time
from collections.abc import Iterator

from gobp.buildservice.logs.chunks import Chunk, ChunkTable, Said
from gobp.buildservice.logs.cleaning import cleaned
from gobp.buildservice.state.database import DatabaseError

_PAUSE = 0.1  # seconds in which lines are gathered: about what kill -9 loses
_PAUSE_AFTER_TROUBLE = 1.0
_SECONDS_TO_CLOSE = 30.0  # for which a database that is away is waited for
_OF_LINE = 32  # bytes that a line takes besides its text
_RESERVE = 64 * 1024  # bytes for what the service has to say when the commands have said too much
_LOG = logging.getLogger(__name__)


class ChunkWriter:
    """See BuildLog. ``limit`` is the bytes that one attempt may fill with output of commands."""

    def __init__(self, table: ChunkTable, build_id: str, attempt: int, limit: int) -> None:
        self._table = table
        self._build_id = build_id
        self._attempt = attempt
        self._budget = _Budget(limit)
        self._said: list[Said] = []
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="gobp-log", daemon=True)
        self._thread.start()

    def say(self, text: str, level: str = "info", /) -> None:
        """See BuildLog.say."""
        now = time.time()
        with self._changed:
            for line in cleaned(text):
                self._said += ((now, *each) for each in self._budget.within(level, line))
            self._changed.notify()

    def close(self) -> None:
        """See BuildLog.close. What a database does not take for half a minute is lost."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(_SECONDS_TO_CLOSE)
        if self._thread.is_alive():
            _LOG.warning("the end of the log of build %s could not be written", self._build_id)

    def _work(self) -> None:
        writer = secrets.token_hex(8)
        part = 0
        wanted = True
        while said := self._next():
            part += 1
            chunk = Chunk(self._build_id, self._attempt, writer, part, said)
            wanted = wanted and self._added(chunk)

    def _next(self) -> list[Said]:
        """Return what was said, once there is something; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._said or self._closing.is_set())
        self._closing.wait(_PAUSE)
        with self._changed:
            said, self._said = self._said, []
        return said

    def _added(self, chunk: Chunk) -> bool:
        """Add a chunk, however long that takes; say whether the next one is wanted too."""
        while True:
            try:
                return self._table.add(chunk)
            except DatabaseError as error:
                _LOG.warning("the log of build %s has to wait: %s", self._build_id, error)
                time.sleep(_PAUSE_AFTER_TROUBLE)


class _Budget:
    """What of a log is still kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self._reserve = _RESERVE

    def within(self, level: str, text: str) -> Iterator[tuple[str, str]]:
        """Yield level and text of a line, if it is kept; once, that no more output is."""
        cost = len(text.encode()) + _OF_LINE
        if self._left >= cost:
            self._left -= cost
            yield level, text
        elif self._left >= 0:
            self._left = -1
            yield "warning", f"the output is longer than {self._limit} bytes; the rest is not kept"
        if self._left < 0 and level != "output" and self._reserve >= cost:
            self._reserve -= cost
            yield level, text
