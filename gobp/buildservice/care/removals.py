"""Builds that are being removed, so that a crash leaves nothing of them."""

from collections.abc import Sequence

from gobp.buildservice.state.database import Database

SCHEMA = ("CREATE TABLE IF NOT EXISTS gobp_removals (build_id TEXT PRIMARY KEY)",)


class Removals:
    """A list in the database. The methods raise DatabaseError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prepare(self) -> None:
        """Make the table, if it is not there. See Database.prepare."""
        self._database.prepare(SCHEMA)

    def begin(self, build_ids: Sequence[str]) -> None:
        """Note that builds are about to be removed."""
        with self._database.writing() as transaction:
            transaction.each(
                "INSERT INTO gobp_removals (build_id) VALUES (?) ON CONFLICT DO NOTHING",
                [(build_id,) for build_id in sorted(build_ids)],
            )

    def begun(self) -> list[str]:
        """Return the builds that are noted."""
        with self._database.reading() as transaction:
            rows = transaction.run("SELECT build_id FROM gobp_removals ORDER BY build_id")
        return [str(row[0]) for row in rows]

    def end(self, build_ids: Sequence[str]) -> None:
        """Note that nothing is left of builds."""
        with self._database.writing() as transaction:
            transaction.each(
                "DELETE FROM gobp_removals WHERE build_id = ?",
                [(build_id,) for build_id in sorted(build_ids)],
            )
