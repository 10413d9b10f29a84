"""The table of builds in a database of SQL; what it does is right beside other processes."""

# ruff: noqa: S608 # statements are made of constants; values are never written into them

from collections.abc import Callable

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.builds.key import new_id
from gobp.buildservice.state import queue
from gobp.buildservice.state.build_rows import COLUMNS, SCHEMA, as_build, as_builds, as_json
from gobp.buildservice.state.builds import Claim, Filter, Renewed, Request, Requested
from gobp.buildservice.state.database import Database, Transaction

_SELECT = f"SELECT {COLUMNS} FROM gobp_builds"
_SINGLE = "build_key = ? AND state IN ('queued', 'running', 'succeeded')"
_INSERT = f"""INSERT INTO gobp_builds (id, build_key, state, reason, who, priority, created, due,
        ordered, pin, repository, version, goos, goarch)
    VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (build_key) WHERE state IN ('queued', 'running', 'succeeded') DO NOTHING
    RETURNING {COLUMNS}"""
_OURS = "id = ? AND owner = ? AND attempt = ?"
_RENEW = f"""UPDATE gobp_builds SET lease_until = ? WHERE {_OURS} AND state = 'running'
    RETURNING cancel_asked"""
_FINISH = f"""UPDATE gobp_builds SET state = ?, message = ?, artifacts = ?, dependencies = ?,
    ended = ? WHERE {_OURS} AND state = 'running' RETURNING id"""
_GIVE_BACK = f"""UPDATE gobp_builds SET owner = '', attempt = attempt - ?, due = ?,
    state = CASE cancel_asked WHEN 1 THEN 'cancelled' ELSE 'queued' END,
    message = CASE cancel_asked WHEN 1 THEN 'cancelled' ELSE '' END,
    ended = CASE cancel_asked WHEN 1 THEN ? ELSE 0 END
    WHERE {_OURS} AND state = 'running' RETURNING id"""
_CANCEL = f"""UPDATE gobp_builds SET cancel_asked = 1,
    ended = CASE state WHEN 'queued' THEN ? ELSE ended END,
    message = CASE state WHEN 'queued' THEN 'cancelled before it began' ELSE message END,
    state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
    WHERE id = ? AND state IN ('queued', 'running') RETURNING {COLUMNS}"""
_REMOVE = """DELETE FROM gobp_builds WHERE id = ? AND pinned = 0
    AND state NOT IN ('queued', 'running') RETURNING id"""


class BuildTable:
    """See Builds; a build that lost its worker ``attempts`` times ends as error."""

    def __init__(self, database: Database, *, attempts: int) -> None:
        self._database = database
        self._attempts = attempts

    def prepare(self) -> None:
        """Make the table, if it is not there. See Database.prepare."""
        self._database.prepare(SCHEMA)

    def request(
        self, request: Request, /, *, also: Callable[[Transaction], object] | None = None
    ) -> Requested:
        """See Builds.request."""
        there = self._first(f"{_SELECT} WHERE {_SINGLE}", request.key)
        if there is not None:
            return Requested(there, new=False)
        with self._database.writing() as transaction:
            while True:
                made = transaction.run(_INSERT, _values(request, transaction.now()))
                if made:
                    if also is not None:
                        also(transaction)
                    return Requested(as_build(made[0]), new=True)
                found = transaction.run(f"{_SELECT} WHERE {_SINGLE}", (request.key,))
                if found:  # else it has ended just now, in PostgreSQL
                    return Requested(as_build(found[0]), new=False)

    def get(self, build_id: str, /) -> Build | None:
        """See Builds.get."""
        return self._first(f"{_SELECT} WHERE id = ?", build_id)

    def of_key(self, key: str, /) -> Build | None:
        """See Builds.of_key."""
        return self._first(f"{_SELECT} WHERE {_SINGLE}", key) or self._first(
            f"{_SELECT} WHERE build_key = ? ORDER BY id DESC LIMIT 1", key
        )

    def listed(self, which: Filter, /, *, before: str = "", limit: int = 50) -> list[Build]:
        """See Builds.listed."""
        conditions = _conditions(which, before)
        where = " AND ".join(condition for condition, _ in conditions) or "1 = 1"
        values = [value for _, value in conditions]
        if not all(map(_storable, values)):
            return []
        with self._database.reading() as transaction:
            return as_builds(
                transaction.run(
                    f"{_SELECT} WHERE {where} ORDER BY id DESC LIMIT ?", (*values, limit)
                )
            )

    def claim(self, owner: str, lease: float, /) -> Claim | None:
        """See Builds.claim."""
        with self._database.reading() as transaction:
            if not queue.something_waits(transaction):
                return None
        with self._database.writing() as transaction:
            queue.queue_lost(transaction, self._attempts)
            build = queue.take_next(transaction, owner, lease)
        return None if build is None else Claim(build, owner, build.attempt)

    def renew(self, claim: Claim, lease: float, /) -> Renewed:
        """See Builds.renew."""
        with self._database.writing() as transaction:
            until = transaction.now() + lease
            rows = transaction.run(_RENEW, (until, *_fence(claim)))
        return Renewed(ours=bool(rows), cancel=bool(rows and rows[0][0]))

    def finish(self, claim: Claim, ending: Ending, /) -> bool:
        """See Builds.finish."""
        with self._database.writing() as transaction:
            values = (
                ending.state.value,
                ending.message.replace("\0", ""),  # which PostgreSQL cannot keep
                as_json(ending.artifacts),
                as_json(ending.dependencies),
                transaction.now(),
            )
            if transaction.run(_FINISH, (*values, *_fence(claim))):
                return True
            # or it was finished by us, and the answer was lost
            return bool(transaction.run(f"{_SELECT} WHERE {_OURS} AND ended > 0", _fence(claim)))

    def give_back(self, claim: Claim, /, *, counted: bool = False, delay: float = 0.0) -> bool:
        """See Builds.give_back."""
        with self._database.writing() as transaction:
            now = transaction.now()
            values = (0 if counted else 1, now + delay, now, *_fence(claim))
            return bool(transaction.run(_GIVE_BACK, values))

    def cancel(self, build_id: str, /) -> Build | None:
        """See Builds.cancel."""
        build = self.get(build_id)
        if build is None or build.state.final:
            return build
        with self._database.writing() as transaction:
            rows = transaction.run(_CANCEL, (transaction.now(), build_id))
        return as_build(rows[0]) if rows else self.get(build_id)

    def sweep(self, *, queue_seconds: float) -> list[Build]:
        """See Builds.sweep."""
        with self._database.writing() as transaction:
            queue.queue_lost(transaction, self._attempts)
            ended = queue.end_lost(transaction, self._attempts)
            return ended + queue.expire(transaction, queue_seconds)

    def unsettled(self, seconds: float, /) -> list[Build]:
        """See Builds.unsettled."""
        with self._database.reading() as transaction:
            before = transaction.now() - seconds
            where = "WHERE settled = 0 AND ended > 0 AND ended <= ? ORDER BY ended LIMIT 100"
            return as_builds(transaction.run(f"{_SELECT} {where}", (before,)))

    def settle(self, build_id: str, /) -> None:
        """See Builds.settle."""
        with self._database.writing() as transaction:
            transaction.run("UPDATE gobp_builds SET settled = 1 WHERE id = ?", (build_id,))

    def pin(self, build_id: str, /, *, pinned: bool) -> Build | None:
        """See Builds.pin."""
        if not _storable(build_id):
            return None
        with self._database.writing() as transaction:
            rows = transaction.run(
                f"UPDATE gobp_builds SET pinned = ? WHERE id = ? RETURNING {COLUMNS}",
                (int(pinned), build_id),
            )
        return as_build(rows[0]) if rows else None

    def remove(self, build_ids: list[str], /) -> int:
        """See Builds.remove."""
        with self._database.writing() as transaction:
            return sum(len(transaction.run(_REMOVE, (each,))) for each in sorted(build_ids))

    def counts(self) -> dict[State, int]:
        """See Builds.counts."""
        with self._database.reading() as transaction:
            rows = transaction.run("SELECT state, COUNT(*) FROM gobp_builds GROUP BY state")
        return dict.fromkeys(State, 0) | {State(state): count for state, count in rows}

    def waiting_of(self, who: str, /) -> tuple[int, int]:
        """See Builds.waiting_of."""
        with self._database.reading() as transaction:
            rows = transaction.run(
                """SELECT state, COUNT(*) FROM gobp_builds
                WHERE state IN ('queued', 'running') AND who = ? GROUP BY state""",
                (who,),
            )
        counts: dict[str, int] = dict(rows)
        return counts.get("queued", 0), counts.get("running", 0)

    def _first(self, statement: str, value: str) -> Build | None:
        if not _storable(value):
            return None
        with self._database.reading() as transaction:
            rows = transaction.run(statement, (value,))
        return as_build(rows[0]) if rows else None


def _values(request: Request, now: float) -> tuple[object, ...]:
    order = request.order
    return (
        new_id(lambda: now),
        request.key,
        request.reason.value,
        request.who,
        request.priority,
        now,
        now,
        as_json(order),
        as_json(request.pin),
        order.source.name,
        request.pin.version,
        order.target.goos,
        order.target.goarch,
    )


def _fence(claim: Claim) -> tuple[str, str, int]:
    return claim.build.id, claim.owner, claim.attempt


def _conditions(which: Filter, before: str) -> list[tuple[str, str]]:
    """Return the conditions that are set, each with its value."""
    pattern = which.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    conditions = {
        "repository = ?": which.repository,
        "LOWER(repository) LIKE ? ESCAPE '\\'": f"%{pattern}%" if pattern else "",
        "state = ?": "" if which.state is None else which.state.value,
        "who = ?": which.who,
        "version = ?": which.version,
        "goos = ?": which.goos,
        "goarch = ?": which.goarch,
        "id < ?": before,
    }
    return [(condition, value) for condition, value in conditions.items() if value]


def _storable(text: str) -> bool:
    """Whether a text can be in the table at all; PostgreSQL refuses to look for others."""
    return "\0" not in text and text.isprintable()
