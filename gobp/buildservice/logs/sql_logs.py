"""Logs that are in the database while builds run, and afterwards in the storage, compressed.

There a log is ``zcat``'s: a JSON object a line, with number, time, level and text.
"""

import gzip
import threading
from collections.abc import Iterator
from typing import Protocol

import msgspec

from gobp.buildservice.logs.chunks import SCHEMA, ChunkTable
from gobp.buildservice.logs.log import BuildLog, Line
from gobp.buildservice.logs.writer import ChunkWriter
from gobp.buildservice.state.database import Database
from gobp.modproxy.kept import Kept

_PORTION = 10_000
_MOST_READ = 2  # logs of builds that are over, which somebody pages through
_NO_END = float("inf")


class LogStore(Protocol):
    """Where logs stay (ArtifactStore is one). The methods raise StorageError."""

    def put_log(self, build_id: str, content: bytes, /) -> None:
        """Store a log; what is there stays."""
        ...

    def log(self, build_id: str, /) -> bytes | None:
        """Return a log, None if there is none."""
        ...

    def remove_log(self, build_id: str, /) -> None:
        """Forget a log."""
        ...


class SqlLogs:
    """See Logs. ``limit`` is the bytes of output that an attempt may fill.

    The methods raise DatabaseError and, for builds that are over, StorageError.
    """

    def __init__(self, database: Database, store: LogStore, *, limit: int) -> None:
        self._database = database
        self._table = ChunkTable(database)
        self._store = store
        self._limit = limit
        self._read: Kept[str, list[bytes]] = Kept(_MOST_READ)
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Make the tables, if they are not there. See Database.prepare."""
        self._database.prepare(SCHEMA)

    def writer(self, build_id: str, attempt: int, /) -> BuildLog:
        """See Logs.writer. An attempt that a later one has followed writes nothing any more."""
        return ChunkWriter(self._table, build_id, attempt, self._limit)

    def lines(self, build_id: str, /, *, after: int = 0, limit: int = 1000) -> list[Line]:
        """See Logs.lines."""
        if not (build_id.isascii() and build_id.isalnum()):
            return []
        found = self._table.lines(build_id, after, limit)
        if found is None:
            kept = self._kept_lines(build_id)[max(after, 0) :][:limit]
            return [msgspec.json.decode(line, type=Line) for line in kept]
        return found

    def keep(self, build_id: str, /) -> None:
        """See Logs.keep. From then on no attempt adds a line."""
        self._table.end(build_id)
        content = b"".join(self._encoded_lines(build_id))
        if content:
            self._store.put_log(build_id, gzip.compress(content, mtime=0))
        self._table.leave(build_id)

    def remove(self, build_id: str, /) -> None:
        """See Logs.remove."""
        self._store.remove_log(build_id)
        self._table.remove(build_id)
        with self._lock:
            self._read.put(build_id, [], 0)

    def _encoded_lines(self, build_id: str) -> Iterator[bytes]:
        after = 0
        while lines := self._table.lines(build_id, after, _PORTION):
            after = lines[-1].number
            yield b"".join(msgspec.json.encode(line) + b"\n" for line in lines)

    def _kept_lines(self, build_id: str) -> list[bytes]:
        """Return the lines of a log in the storage, whose numbers begin with 1 and have no gaps."""
        with self._lock:
            lines = self._read.get(build_id, 0)
        if lines is None:
            content = self._store.log(build_id)
            lines = [] if content is None else gzip.decompress(content).splitlines()
            with self._lock:
                self._read.put(build_id, lines, _NO_END)
        return lines
