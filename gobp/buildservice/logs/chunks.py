"""Lines of logs in the database: as chunks of JSON, whose numbers go on from one to the next."""

from collections.abc import Sequence

import msgspec

from gobp.buildservice.logs.log import Line
from gobp.buildservice.state.database import Database, Transaction

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS gobp_log_chunks (
        build_id TEXT NOT NULL,
        first BIGINT NOT NULL,
        last BIGINT NOT NULL,
        attempt BIGINT NOT NULL,
        writer TEXT NOT NULL,
        part BIGINT NOT NULL,
        lines TEXT NOT NULL,
        PRIMARY KEY (build_id, first),
        UNIQUE (writer, part)
    )""",
    """CREATE TABLE IF NOT EXISTS gobp_logs_over (
        build_id TEXT PRIMARY KEY,
        kept BIGINT NOT NULL
    )""",
)
"""``writer`` and ``part`` name a chunk, so that it is not written twice when nobody knows whether
it was. A log is in ``gobp_logs_over`` when no more lines come; ``kept`` says that its lines are in
the storage.
"""

_LAST = """SELECT last, attempt FROM gobp_log_chunks WHERE build_id = ?
    ORDER BY first DESC LIMIT 1"""
_OVER = "SELECT kept FROM gobp_logs_over WHERE build_id = ?"
_INSERT = """INSERT INTO gobp_log_chunks (build_id, first, last, attempt, writer, part, lines)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING first"""
_WRITTEN = "SELECT 1 FROM gobp_log_chunks WHERE writer = ? AND part = ?"
_SOME = """SELECT first, lines FROM gobp_log_chunks
    WHERE build_id = ? AND last > ? AND first <= ? ORDER BY first"""
_DELETE = "DELETE FROM gobp_log_chunks WHERE build_id = ?"
_MOST_NUMBER = 2**53

Said = tuple[float, str, str]
"""When a line was said, its level and its text."""
_SAID = msgspec.json.Decoder(list[Said])


class Chunk(msgspec.Struct, frozen=True):
    """Lines that an attempt adds to a log; ``writer`` and ``part`` name them among all chunks."""

    build_id: str
    attempt: int
    writer: str
    part: int
    said: Sequence[Said]


class ChunkTable:
    """The chunks of all logs. The methods raise DatabaseError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, chunk: Chunk) -> bool:
        """Add a chunk, once; False if nothing of its attempt is wanted any more."""
        lines = msgspec.json.encode(chunk.said).decode()
        while True:
            with self._database.writing() as transaction:
                last, wanted = _end_of(transaction, chunk)
                if not wanted:
                    return False
                values = (chunk.build_id, last + 1, last + len(chunk.said), chunk.attempt)
                name = (chunk.writer, chunk.part)
                if transaction.run(_INSERT, (*values, *name, lines)):
                    return True
                if transaction.run(_WRITTEN, name):
                    return True
            # in PostgreSQL another attempt has just taken the numbers

    def lines(self, build_id: str, after: int, limit: int) -> list[Line] | None:
        """Return lines as of Logs.lines, None if the log is in the storage."""
        after = min(max(after, 0), _MOST_NUMBER)
        with self._database.reading() as transaction:
            if transaction.run(_OVER, (build_id,)) == [(1,)]:
                return None
            rows = transaction.run(_SOME, (build_id, after, after + limit))
        found = [
            Line(number, *said)
            for first, lines in rows
            for number, said in enumerate(_SAID.decode(lines), first)
        ]
        return [line for line in found if after < line.number <= after + limit]

    def end(self, build_id: str) -> None:
        """Let no more lines come into a log."""
        with self._database.writing() as transaction:
            transaction.run(
                "INSERT INTO gobp_logs_over (build_id, kept) VALUES (?, 0) ON CONFLICT DO NOTHING",
                (build_id,),
            )

    def leave(self, build_id: str) -> None:
        """Take note that the lines of a log that has ended are in the storage; remove them here."""
        with self._database.writing() as transaction:
            transaction.run("UPDATE gobp_logs_over SET kept = 1 WHERE build_id = ?", (build_id,))
            transaction.run(_DELETE, (build_id,))

    def remove(self, build_id: str) -> None:
        """Forget a log."""
        with self._database.writing() as transaction:
            transaction.run(_DELETE, (build_id,))
            transaction.run("DELETE FROM gobp_logs_over WHERE build_id = ?", (build_id,))


def _end_of(transaction: Transaction, chunk: Chunk) -> tuple[int, bool]:
    """Return the number of the last line of a log, and whether a chunk may come after it."""
    over = transaction.run(_OVER, (chunk.build_id,))
    rows = transaction.run(_LAST, (chunk.build_id,))
    last, attempt = rows[0] if rows else (0, 0)
    return last, not over and attempt <= chunk.attempt
