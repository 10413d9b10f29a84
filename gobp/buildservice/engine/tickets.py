"""Jobs of Procrastinate as tickets: whoever has one does the next build of the table.

The table decides what is next, who has a build and how it ended. So a lost ticket is replaced, and
one too many does no harm. See https://procrastinate.readthedocs.io.
"""

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.schema import SchemaManager

from gobp.buildservice.state.database import DatabaseError, Transaction
from gobp.buildservice.state.postgresql import PostgresqlDatabase, PostgresqlTransaction
from gobp.buildservice.state.queue import waiting

QUEUE = "gobp"
TASK = "gobp.build"
_MAKERS = 0x676F6263  # the advisory lock of whoever makes Procrastinate's tables
_REPLACERS = 0x676F6264  # the one of whoever replaces tickets


class Tickets:
    """The tickets in a database. The methods raise DatabaseError."""

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database
        self._app = App(connector=SyncPsycopgConnector())  # uses connections that it is given

    def prepare(self) -> None:
        """Make the tables of Procrastinate, if they are not there."""
        with self._database.writing() as transaction:
            transaction.run("SELECT pg_advisory_xact_lock(?)", (_MAKERS,))
            if transaction.run("SELECT to_regclass('procrastinate_jobs') IS NULL")[0][0]:
                transaction.connection.execute(SchemaManager.get_schema())

    def add(self, transaction: Transaction) -> None:
        """Add a ticket in a transaction, which is one of this database."""
        if not isinstance(transaction, PostgresqlTransaction):
            raise TypeError(transaction)
        self._add(transaction, 1)

    def replace(self) -> None:
        """Add tickets for builds that wait and have none: of lost workers, or tried again."""
        with self._database.writing() as transaction:
            if not transaction.run("SELECT pg_try_advisory_xact_lock(?)", (_REPLACERS,))[0][0]:
                return
            ((there,),) = transaction.run(
                "SELECT COUNT(*) FROM procrastinate_jobs WHERE queue_name = ? AND status = 'todo'",
                (QUEUE,),
            )
            self._add(transaction, waiting(transaction) - there)

    def _add(self, transaction: PostgresqlTransaction, count: int) -> None:
        if count <= 0:
            return
        job = self._app.configure_task(TASK, queue=QUEUE, connection=transaction.connection)
        try:
            job.batch_defer(*({} for _ in range(count)))
        except ProcrastinateException as error:
            raise DatabaseError(f"Procrastinate: {error.__cause__ or error}") from error
