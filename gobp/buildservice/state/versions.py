"""Make the tables, and see that they are of this version of gobp."""

from collections.abc import Mapping, Sequence

from gobp.buildservice.state.database import Transaction
from gobp.errors import UserError

_VERSION = 1  # of all tables together; raise it when one changes in a way that older ones do not do
_SCHEMA = "CREATE TABLE IF NOT EXISTS gobp_schema (version BIGINT NOT NULL)"


def make_tables(
    transaction: Transaction, schema: Sequence[str], types: Mapping[str, str], name: str
) -> None:
    """Run the statements of a schema, in which ``types`` say what marks stand for.

    ``name`` is what people call the database. Raises UserError where it is of another version.
    """
    transaction.run(_SCHEMA)
    versions = [int(row[0]) for row in transaction.run("SELECT version FROM gobp_schema")]
    if not versions:
        transaction.run("INSERT INTO gobp_schema (version) VALUES (?)", (_VERSION,))
    elif versions != [_VERSION]:
        raise UserError(
            f"{name} has tables of version {versions[0]}, this gobp knows version {_VERSION}",
            remedy="use the gobp that wrote it, or another database.",
        )
    for statement in schema:
        for mark, meaning in types.items():
            statement = statement.replace(mark, meaning)  # noqa: PLW2901 # mark by mark
        transaction.run(statement)
