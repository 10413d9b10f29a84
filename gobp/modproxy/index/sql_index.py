"""The index in a database: one set of statements for SQLite and PostgreSQL."""

import fcntl
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path
from typing import IO

from gobp.golang import semver
from gobp.modproxy.index.database import Database, Row, Transaction
from gobp.modproxy.index.files_in_trees import files_in_trees
from gobp.modproxy.index.index import (
    MOST_FOUND,
    Asker,
    Entry,
    Found,
    IndexUnavailableError,
    Module,
    Order,
    Published,
    Totals,
    Use,
    Version,
    Visible,
)
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.trees import Trees

MOST_ASKERS = 10
MOST_VERSIONS = 10_000  # of one module, in memory
_MICROSECONDS = 1_000_000
_PART = 1000  # rows read at once
_BUILT = "built"

_STAGE = """CREATE TEMPORARY TABLE gobp_staged (module TEXT, version TEXT, private INTEGER,
    published BIGINT, info BIGINT, mod BIGINT, zip BIGINT, h1 TEXT)"""
# A version is listed when it was published, but always after all that are listed already, by at
# least one microsecond: so who reads on from the last entry misses none, and no two are alike.
# (For rows in order, "the greater of my own time and my predecessor's place + 1" is my row number
# plus the running maximum of time - row number.)
_MERGE = """
INSERT INTO gobp_versions AS known
    (module, version, private, published, changed, listed, info, mod, zip, h1)
SELECT module, version, private, published, changed,
    number + CASE WHEN ahead > ? THEN ahead ELSE ? END, info, mod, zip, h1
FROM (
    SELECT numbered.*, MAX(published - number) OVER (ORDER BY number) AS ahead
    FROM (
        SELECT merged.*, ROW_NUMBER() OVER (ORDER BY published, module, version) AS number
        FROM (
            SELECT module, version, MAX(private) AS private, MIN(published) AS published,
                MAX(published) AS changed, MAX(info) AS info, MAX(mod) AS mod, MAX(zip) AS zip,
                MAX(h1) AS h1
            FROM gobp_staged GROUP BY module, version
        ) AS merged
    ) AS numbered
) AS placed
WHERE 0 = 0
ORDER BY number
ON CONFLICT (module, version) DO UPDATE SET
    private = excluded.private,
    changed = CASE WHEN excluded.changed > known.changed THEN excluded.changed
        ELSE known.changed END,
    info = COALESCE(excluded.info, known.info),
    mod = COALESCE(excluded.mod, known.mod),
    zip = COALESCE(excluded.zip, known.zip),
    h1 = CASE WHEN excluded.h1 <> '' THEN excluded.h1 ELSE known.h1 END
"""
_FORGET_FILES = """UPDATE gobp_versions SET info = NULL, mod = NULL, zip = NULL, h1 = ''
    WHERE changed < ?"""
_FORGET_EMPTY = """DELETE FROM gobp_versions
    WHERE info IS NULL AND mod IS NULL AND zip IS NULL"""
_USE = """UPDATE gobp_versions SET uses = uses + ?, used = CASE WHEN used < ? THEN ? ELSE used END
    WHERE module = ? AND version = ?"""
_ASK = """
INSERT INTO gobp_askers AS known (version_id, who, used, uses)
SELECT id, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)
    FROM gobp_versions WHERE module = ? AND version = ?
ON CONFLICT (version_id, who) DO UPDATE SET
    used = CASE WHEN excluded.used > known.used THEN excluded.used ELSE known.used END,
    uses = known.uses + excluded.uses
"""
_FORGET_ASKERS = """
DELETE FROM gobp_askers
WHERE version_id = (SELECT id FROM gobp_versions WHERE module = ? AND version = ?)
    AND who NOT IN (
        SELECT who FROM gobp_askers
        WHERE version_id = (SELECT id FROM gobp_versions WHERE module = ? AND version = ?)
        ORDER BY used DESC, who LIMIT ?)
"""
_ADD = """INSERT INTO gobp_totals AS known (name, amount) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET amount = known.amount + excluded.amount"""
_AMOUNTS = "SELECT name, amount FROM gobp_totals"
_SIZE = "COALESCE(info, 0) + COALESCE(mod, 0) + COALESCE(zip, 0)"
_VERSION = "id, module, version, private, published, used, uses, info, mod, zip, h1"
_ENTRY = "SELECT id, module, version, listed FROM gobp_versions"
_ORDERS = {
    Order.NAME: "module",
    Order.USED: "last_used DESC, module",
    Order.SIZE: "size DESC, module",
}


class SqlIndex:
    """See Index.

    ``trees`` is what ``prepare`` makes it from where there is none; ``clock`` gives seconds of
    the epoch.
    """

    def __init__(
        self, database: Database, trees: Trees, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._trees = trees
        self._clock = clock

    def prepare(self) -> None:
        """See Index.prepare; while another process makes it, that one is left to it."""
        if self._is_built():
            return
        try:
            with _alone(self._trees.public.locks / "index") as alone:
                if alone and not self._is_built():
                    self.rebuild(self._trees, forget=False)
        except OSError as error:
            raise IndexUnavailableError(f"the index cannot be made: {error}") from error

    def published(self, files: Iterable[Published]) -> None:
        """See Index.published."""
        with self._database.writing() as transaction:
            _merge(transaction, (_staged(file) for file in files))

    def used(self, uses: Sequence[Use]) -> None:
        """See Index.used."""
        ordered = sorted(uses, key=lambda use: (use.module, use.version, use.who))
        with self._database.writing() as transaction:
            transaction.each(_USE, (_use_values(use) for use in ordered))
            transaction.each(_ASK, (_ask_values(use) for use in ordered))
            names = sorted({(use.module, use.version) for use in uses})
            transaction.each(_FORGET_ASKERS, ((*name, *name, MOST_ASKERS) for name in names))
            transaction.each(_ADD, ((use.origin.value, use.count) for use in ordered))

    def remove(self, files: Iterable[ModuleFile]) -> None:
        """See Index.remove."""
        by_kind = sorted(files, key=lambda file: (file.kind, file.module, file.version))
        with self._database.writing() as transaction:
            for kind, group in groupby(by_kind, key=lambda file: file.kind):
                transaction.each(
                    f"UPDATE gobp_versions SET {kind} = NULL WHERE module = ? AND version = ?",  # noqa: S608 # a Kind
                    ((file.module, file.version) for file in group),
                )
            transaction.run(_FORGET_EMPTY)

    def rebuild(self, trees: Trees, *, forget: bool) -> None:
        """See Index.rebuild."""
        started = self._clock()
        with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
            # The walk takes long, so its outcome is written down before the database is locked.
            for file in files_in_trees(trees, started):
                spool.write(json.dumps(_staged(file)) + "\n")
            spool.seek(0)
            with self._database.writing() as transaction:
                if forget:
                    transaction.run(_FORGET_FILES, (_microseconds(started),))
                _merge(transaction, _lines(spool))
                transaction.run(_FORGET_EMPTY)
                transaction.run("DELETE FROM gobp_totals WHERE name = ?", (_BUILT,))
                transaction.run(_ADD, (_BUILT, _microseconds(started)))

    def feed(self, since: int, limit: int, visible: Visible) -> list[Entry]:
        """See Index.feed."""
        return self._entries(f"{_ENTRY} WHERE listed >= ? ORDER BY listed", since, limit, visible)

    def catalog(self, after: int, limit: int, visible: Visible) -> list[Entry]:
        """See Index.catalog."""
        return self._entries(f"{_ENTRY} WHERE id > ? ORDER BY id", after, limit, visible)

    def recent(self, limit: int, visible: Visible) -> list[Entry]:
        """See Index.recent."""
        query = f"{_ENTRY} WHERE listed >= ? ORDER BY listed DESC"
        return self._entries(query, 0, limit, visible)

    def search(self, text: str, visible: Visible, *, order: Order, start: int, limit: int) -> Found:
        """See Index.search."""
        query = f"""SELECT module, COUNT(*), SUM({_SIZE}) AS size, MAX(used) AS last_used,
                SUM(uses), MAX(private)
            FROM gobp_versions WHERE LOWER(module) LIKE ? ESCAPE '!'
            GROUP BY module ORDER BY {_ORDERS[order]}"""  # noqa: S608 # our own columns
        modules: list[Module] = []
        total = 0
        with self._database.reading() as transaction:
            for row in transaction.stream(query, (_pattern(text),)):
                if visible(row[0]):
                    if start <= total < start + limit:
                        modules.append(_module(row))
                    total += 1
                    if total >= MOST_FOUND:
                        break
        return Found(tuple(modules), total)

    def module(self, path: str) -> list[Version]:
        """See Index.module."""
        with self._database.reading() as transaction:
            rows = transaction.run(
                f"SELECT {_VERSION} FROM gobp_versions WHERE module = ? ORDER BY id DESC LIMIT ?",  # noqa: S608 # our own columns
                (path, MOST_VERSIONS),
            )
            asked = transaction.run(
                """SELECT version_id, who, uses, used FROM gobp_askers WHERE version_id IN
                    (SELECT id FROM gobp_versions WHERE module = ?) ORDER BY used DESC, who""",
                (path,),
            )
        askers: dict[int, list[Asker]] = {}
        for number, who, uses, used in asked:
            askers.setdefault(number, []).append(Asker(who, uses, used / _MICROSECONDS))
        versions = [_version(row, tuple(askers.get(row[0], ()))) for row in rows]
        return sorted(
            versions, key=lambda known: (semver.order(known.version), known.version), reverse=True
        )

    def versions(self) -> Iterator[Version]:
        """See Index.versions; each part is read on its own, so writers never wait for it."""
        query = f"SELECT {_VERSION} FROM gobp_versions WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 # our own columns
        last = 0
        while True:
            with self._database.reading() as transaction:
                rows = transaction.run(query, (last, _PART))
            yield from (_version(row) for row in rows)
            if len(rows) < _PART:
                return
            last = rows[-1][0]

    def last_used(self, module: str, version: str) -> float:
        """See Index.last_used."""
        query = "SELECT used, published FROM gobp_versions WHERE module = ? AND version = ?"
        with self._database.reading() as transaction:
            rows = transaction.run(query, (module, version))
        return float((rows[0][0] or rows[0][1]) / _MICROSECONDS) if rows else 0.0

    def totals(self) -> Totals:
        """See Index.totals."""
        query = f"SELECT COUNT(DISTINCT module), COUNT(*), SUM({_SIZE}) FROM gobp_versions"  # noqa: S608 # our own columns
        with self._database.reading() as transaction:
            modules, versions, size = transaction.run(query)[0]
            amounts: dict[str, int] = dict(transaction.run(_AMOUNTS))
        answers = {origin: int(amounts.get(origin.value, 0)) for origin in Origin}
        return Totals(modules, versions, int(size or 0), answers)

    def close(self) -> None:
        """See Index.close."""
        self._database.close()

    def _is_built(self) -> bool:
        with self._database.reading() as transaction:
            return _BUILT in {name for name, _ in transaction.run(_AMOUNTS)}

    def _entries(self, query: str, start: int, limit: int, visible: Visible) -> list[Entry]:
        with self._database.reading() as transaction:
            rows = transaction.stream(query, (start,))
            return [Entry(*row) for row in islice((row for row in rows if visible(row[1])), limit)]


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Say whether no other process holds the lock; then this one does until the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _merge(transaction: Transaction, staged: Iterable[Sequence[object]]) -> None:
    """Make versions of staged files known."""
    transaction.run(_STAGE)
    transaction.each("INSERT INTO gobp_staged VALUES (?, ?, ?, ?, ?, ?, ?, ?)", staged)
    last = transaction.run("SELECT COALESCE(MAX(listed), 0) FROM gobp_versions")[0][0]
    transaction.run(_MERGE, (last, last))
    transaction.run("DROP TABLE gobp_staged")


def _staged(published: Published) -> Row:
    file = published.file
    sizes = (published.size if file.kind is kind else None for kind in Kind)
    when = _microseconds(published.when)
    return (file.module, file.version, int(published.private), when, *sizes, published.h1)


def _lines(spool: IO[str]) -> Iterator[Sequence[object]]:
    for line in spool:
        yield json.loads(line)


def _use_values(use: Use) -> Row:
    when = _microseconds(use.when)
    return (use.count, when, when, use.module, use.version)


def _ask_values(use: Use) -> Row:
    return (use.who, _microseconds(use.when), use.count, use.module, use.version)


def _microseconds(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


def _pattern(text: str) -> str:
    """Return what LIKE finds a text with anywhere, each of its characters standing for itself."""
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text.lower()}%"


def _module(row: Row) -> Module:
    path, versions, size, used, uses, private = row
    return Module(path, versions, int(size), used / _MICROSECONDS, int(uses), bool(private))


def _version(row: Row, askers: tuple[Asker, ...] = ()) -> Version:
    _, module, version, private, published, used, uses, *sizes, h1 = row
    return Version(
        module,
        version,
        bool(private),
        published / _MICROSECONDS,
        used / _MICROSECONDS,
        uses,
        {kind: size for kind, size in zip(Kind, sizes, strict=True) if size is not None},
        h1,
        askers,
    )
