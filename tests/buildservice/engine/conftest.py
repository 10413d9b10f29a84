"""Both engines, with short leases, over real databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gobp.buildservice.engine.engine import Engine
from gobp.buildservice.engine.opening import open_engine
from gobp.buildservice.settings.schema import Queue, Settings
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database
from gobp.buildservice.state.opening import open_database
from gobp.serving.settings.values import Duration
from tests.buildservice.engine.stub_parts import MemoryLogs
from tests.buildservice.state.build_database import PostgresqlServer, postgresql

LEASE = 1.5


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["embedded", pytest.param("procrastinated", marks=pytest.mark.slow)])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of an empty database."""
    conninfo = ""
    if request.param == "procrastinated":
        running: PostgresqlServer = request.getfixturevalue("server")
        running.empty()
        conninfo = running.conninfo
    return Settings(queue=Queue(postgresql=conninfo, lease=Duration(LEASE), attempts=2))


@pytest.fixture
def database(settings: Settings, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(settings.queue, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def table(settings: Settings, database: Database) -> BuildTable:
    made = BuildTable(database, attempts=settings.queue.attempts)
    made.prepare()
    return made


@pytest.fixture
def logs() -> MemoryLogs:
    return MemoryLogs()


@pytest.fixture
def make_engine(
    settings: Settings, table: BuildTable, database: Database, logs: MemoryLogs
) -> Iterator[Callable[[], Engine]]:
    """Makes engines over the same database; they stand for processes."""
    made: list[Engine] = []

    def make() -> Engine:
        engine = open_engine(settings, table, database, logs)
        engine.prepare()
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.stop(0)


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Engine:
    return make_engine()
