"""What is still to be done for others, in the database: each at least once, also after a crash.

Several processes may work on it; what one has taken is another's only when its time is over.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from gobp.buildservice.state.database import Database, Transaction

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS gobp_outbox (
        kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
        attempts BIGINT NOT NULL, due DOUBLE PRECISION NOT NULL,
        created DOUBLE PRECISION NOT NULL, note TEXT NOT NULL, PRIMARY KEY (kind, id))""",
    "CREATE INDEX IF NOT EXISTS gobp_outbox_due ON gobp_outbox (kind, state, due)",
)
_LEASE_SECONDS = 120.0
_KEPT_SECONDS = 7 * 86_400.0  # so long it is known what was done already
_LONGEST_NOTE = 300


class TaskState(StrEnum):
    """How a task is going."""

    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: ``body`` is JSON; ``attempts`` counts this one too."""

    kind: str
    id: str
    body: str
    attempts: int


class Outbox:
    """Tasks of one kind; ``pauses`` are the seconds after each attempt that fails.

    ``lease`` is longer than a task may take.
    """

    def __init__(
        self,
        database: Database,
        kind: str,
        pauses: Sequence[float],
        *,
        lease: float = _LEASE_SECONDS,
    ) -> None:
        self._lease = lease
        self._database = database
        self._kind = kind
        self._pauses = tuple(pauses)
        self._prepared = False

    def put(self, task_id: str, body: str, *, after: float = 0.0) -> bool:
        """Add a task, due in so many seconds; False, and nothing happens, if it was there."""
        with self._writing() as transaction:
            now = transaction.now()
            added = transaction.run(
                "INSERT INTO gobp_outbox (kind, id, body, state, attempts, due, created, note)"
                " VALUES (?, ?, ?, ?, 0, ?, ?, '') ON CONFLICT (kind, id) DO NOTHING RETURNING id",
                (self._kind, task_id, body, TaskState.WAITING, now + after, now),
            )
        return bool(added)

    def state(self, task_id: str) -> tuple[TaskState, str] | None:
        """Return how a task is going, with the note that it has."""
        self._prepare()
        with self._database.reading() as transaction:
            rows = transaction.run(
                "SELECT state, note FROM gobp_outbox WHERE kind = ? AND id = ?",
                (self._kind, task_id),
            )
        return (TaskState(rows[0][0]), str(rows[0][1])) if rows else None

    def take(self, limit: int, task_id: str = "") -> list[Task]:
        """Return tasks that are due (or this one, if it is); nobody else has them now."""
        one, values = ("AND id = ?", [task_id]) if task_id else ("", [])
        with self._writing() as transaction:
            now = transaction.now()
            rows = transaction.run(
                "UPDATE gobp_outbox SET due = ?, attempts = attempts + 1"  # noqa: S608 # our words
                " WHERE kind = ? AND state = ? AND due <= ? AND id IN (SELECT id FROM gobp_outbox"
                f" WHERE kind = ? AND state = ? AND due <= ? {one} ORDER BY due, id LIMIT ?)"
                " RETURNING id, body, attempts",
                (
                    now + self._lease,
                    *(self._kind, TaskState.WAITING, now),
                    *(self._kind, TaskState.WAITING, now),
                    *values,
                    limit,
                ),
            )
        return [Task(self._kind, *row) for row in sorted(rows)]

    def done(self, task: Task, note: str = "") -> None:
        """End a task."""
        self._end(task, TaskState.DONE, note)

    def give_up(self, task: Task, note: str) -> None:
        """End a task that cannot be done."""
        self._end(task, TaskState.GIVEN_UP, note)

    def failed(self, task: Task, note: str) -> bool:
        """Try a task again after its pause; False: that was its last attempt, it is given up."""
        if task.attempts > len(self._pauses):
            self.give_up(task, note)
            return False
        self._set(task, self._pauses[task.attempts - 1], note, counted=True)
        return True

    def later(self, task: Task, seconds: float) -> None:
        """Look at a task again after so many seconds; the attempt is not counted."""
        self._set(task, seconds, "", counted=False)

    def again(self, task_id: str) -> None:
        """Let a task that was given up begin anew."""
        with self._writing() as transaction:
            transaction.run(
                "UPDATE gobp_outbox SET state = ?, attempts = 0, due = ?"
                " WHERE kind = ? AND id = ? AND state = ?",
                (TaskState.WAITING, transaction.now(), self._kind, task_id, TaskState.GIVEN_UP),
            )

    def forget_old(self) -> None:
        """Remove what ended a week ago."""
        with self._writing() as transaction:
            transaction.run(
                "DELETE FROM gobp_outbox WHERE kind = ? AND state <> ? AND due < ?",
                (self._kind, TaskState.WAITING, transaction.now() - _KEPT_SECONDS),
            )

    def _prepare(self) -> None:
        """Make the table before its first use: a database that is away then is no reason to end."""
        if not self._prepared:
            self._database.prepare(_SCHEMA)
            self._prepared = True

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        self._prepare()
        with self._database.writing() as transaction:
            yield transaction

    def _end(self, task: Task, state: TaskState, note: str) -> None:
        with self._writing() as transaction:
            transaction.run(
                "UPDATE gobp_outbox SET state = ?, due = ?, note = ? WHERE kind = ? AND id = ?",
                (state, transaction.now(), note[:_LONGEST_NOTE], self._kind, task.id),
            )

    def _set(self, task: Task, seconds: float, note: str, *, counted: bool) -> None:
        with self._writing() as transaction:
            transaction.run(
                "UPDATE gobp_outbox SET due = ?, note = ?, attempts = ?"
                " WHERE kind = ? AND id = ? AND state = ?",
                (
                    transaction.now() + seconds,
                    note[:_LONGEST_NOTE],
                    task.attempts if counted else task.attempts - 1,
                    self._kind,
                    task.id,
                    TaskState.WAITING,
                ),
            )
