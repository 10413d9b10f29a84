"""The table of builds as a queue: what is given to whom next, and what is taken from the dead.

Every statement changes one row, those of a transaction in the order of their ids, so that writers
of PostgreSQL never wait for each other in a circle.
"""

# ruff: noqa: S608 # statements are made of constants; values are never written into them

from gobp.buildservice.builds.build import Build
from gobp.buildservice.state.build_rows import COLUMNS, as_build
from gobp.buildservice.state.database import Row, Transaction

_ANY = """SELECT 1 FROM gobp_builds WHERE state = 'queued' AND due <= ?
    UNION ALL SELECT 1 FROM gobp_builds WHERE state = 'running' AND lease_until < ? LIMIT 1"""
_NEXT = """SELECT waits.id FROM (
        SELECT who, MIN(id) AS id FROM gobp_builds WHERE state = 'queued' AND due <= ?
        AND priority = (
            SELECT priority FROM gobp_builds WHERE state = 'queued' AND due <= ?
            ORDER BY priority DESC LIMIT 1
        ) GROUP BY who
    ) AS waits LEFT JOIN (
        SELECT who, COUNT(*) AS builds FROM gobp_builds WHERE state = 'running' GROUP BY who
    ) AS runs ON runs.who = waits.who
    ORDER BY COALESCE(runs.builds, 0), waits.id LIMIT 1"""
_TAKE = f"""UPDATE gobp_builds SET state = 'running', owner = ?, lease_until = ?, started = ?,
    attempt = attempt + 1 WHERE id = ? AND state = 'queued' RETURNING {COLUMNS}"""
_LOST = "SELECT id FROM gobp_builds WHERE state = 'running' AND lease_until < ? ORDER BY id"
_QUEUE_LOST = """UPDATE gobp_builds SET state = 'queued', owner = '', due = ?
    WHERE id = ? AND state = 'running' AND lease_until < ? AND attempt < ? AND cancel_asked = 0"""
_END_LOST = f"""UPDATE gobp_builds SET owner = '', ended = ?,
    state = CASE cancel_asked WHEN 1 THEN 'cancelled' ELSE 'error' END,
    message = CASE cancel_asked WHEN 1 THEN 'cancelled; its worker was lost'
        ELSE 'its worker was lost, as were those of earlier attempts' END
    WHERE id = ? AND state = 'running' AND lease_until < ? AND (attempt >= ? OR cancel_asked = 1)
    RETURNING {COLUMNS}"""
_OLD = "SELECT id FROM gobp_builds WHERE state = 'queued' AND due < ? ORDER BY id"
_EXPIRE = f"""UPDATE gobp_builds SET state = 'expired', ended = ?,
    message = 'it waited for a worker for too long'
    WHERE id = ? AND state = 'queued' AND due < ? RETURNING {COLUMNS}"""


def something_waits(transaction: Transaction) -> bool:
    """Whether a worker could have a build now."""
    now = transaction.now()
    return bool(transaction.run(_ANY, (now, now)))


def take_next(transaction: Transaction, owner: str, lease: float) -> Build | None:
    """Give the next build to a worker (see Builds.claim), if there is one."""
    while True:
        now = transaction.now()
        found = transaction.run(_NEXT, (now, now))
        if not found:
            return None
        taken = transaction.run(_TAKE, (owner, now + lease, now, found[0][0]))
        if taken:  # else another worker was faster, in PostgreSQL
            return as_build(taken[0])


def queue_lost(transaction: Transaction, attempts: int) -> None:
    """Queue again what has lost its worker and was tried less often than ``attempts``."""
    now = transaction.now()
    for (build_id,) in transaction.run(_LOST, (now,)):
        transaction.run(_QUEUE_LOST, (now, build_id, now, attempts))


def end_lost(transaction: Transaction, attempts: int) -> list[Build]:
    """End what has lost its worker and is not tried again; return it."""
    now = transaction.now()
    ended: list[Row] = []
    for (build_id,) in transaction.run(_LOST, (now,)):
        ended += transaction.run(_END_LOST, (now, build_id, now, attempts))
    return [as_build(row) for row in ended]


def expire(transaction: Transaction, seconds: float) -> list[Build]:
    """End what waits for longer than so many seconds; return it."""
    now = transaction.now()
    ended: list[Row] = []
    for (build_id,) in transaction.run(_OLD, (now - seconds,)):
        ended += transaction.run(_EXPIRE, (now, build_id, now - seconds))
    return [as_build(row) for row in ended]


def waiting(transaction: Transaction) -> int:
    """Return how many builds could be given to workers now."""
    where = "WHERE state = 'queued' AND due <= ?"
    rows = transaction.run(f"SELECT COUNT(*) FROM gobp_builds {where}", (transaction.now(),))
    return int(rows[0][0])
