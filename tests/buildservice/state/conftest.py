"""Databases to test: SQLite, and a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.opening import open_database
from tests.buildservice.state.build_database import PostgresqlServer, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest) -> Queue:
    """Settings of an empty database."""
    if request.param == "sqlite":
        return Queue()
    running: PostgresqlServer = request.getfixturevalue("server")
    running.empty()
    return Queue(postgresql=running.conninfo)


@pytest.fixture
def database(queue: Queue, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(queue, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def table(database: Database) -> BuildTable:
    made = BuildTable(database, attempts=3)
    made.prepare()
    return made
