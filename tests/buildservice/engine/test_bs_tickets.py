"""Tickets of Procrastinate: as many as builds that wait, or more, never fewer for long."""

import psycopg
import pytest

from gobp.buildservice.engine.embedded import EmbeddedEngine
from gobp.buildservice.engine.engine import Engine
from gobp.buildservice.engine.opening import open_engine
from gobp.buildservice.engine.procrastinated import ProcrastinatedEngine
from gobp.buildservice.engine.tickets import Tickets
from gobp.buildservice.settings.schema import Queue, Settings
from gobp.buildservice.state.build_table import BuildTable
from gobp.buildservice.state.database import Database, DatabaseError
from gobp.buildservice.state.postgresql import PostgresqlDatabase
from gobp.errors import UserError
from gobp.serving.settings.values import Duration
from tests.buildservice.engine.stub_parts import MemoryLogs, StubRunner, wait_until
from tests.buildservice.state.build_database import PostgresqlServer
from tests.buildservice.state.build_requests import request

in_postgresql = pytest.mark.parametrize(
    "settings", [pytest.param("procrastinated", marks=pytest.mark.slow)], indirect=True
)


def tickets(database: Database) -> int:
    with database.reading() as transaction:
        return int(transaction.run("SELECT COUNT(*) FROM procrastinate_jobs")[0][0])


def clear(settings: Settings) -> None:
    with psycopg.connect(settings.queue.postgresql, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_jobs")


@in_postgresql
def test_a_new_build_has_a_ticket_and_one_that_is_there_gets_none(
    engine: Engine, database: Database
) -> None:
    for key in ("a", "b", "a"):
        engine.request(request(key))
    assert tickets(database) == 2


@in_postgresql
def test_a_build_whose_ticket_cannot_be_made_is_not_taken_in(
    engine: Engine, table: BuildTable, settings: Settings
) -> None:
    with psycopg.connect(settings.queue.postgresql, autocommit=True) as connection:
        connection.execute("DROP FUNCTION procrastinate_defer_jobs_v1 CASCADE")
    with pytest.raises(DatabaseError, match="procrastinate_defer_jobs_v1"):
        engine.request(request("a"))
    assert table.of_key("a") is None


@in_postgresql
def test_lost_tickets_are_replaced_by_a_worker(
    engine: Engine, settings: Settings, database: Database
) -> None:
    for number in range(3):
        engine.request(request(f"k{number}"))
    clear(settings)
    runner = StubRunner()
    engine.start(runner, 1)
    wait_until(lambda: len(runner.told) == 3)
    wait_until(lambda: tickets(database) == 0)


@in_postgresql
def test_one_ticket_too_many_does_no_harm(engine: Engine, database: Database) -> None:
    assert isinstance(database, PostgresqlDatabase)
    with database.writing() as transaction:
        Tickets(database).add(transaction)
    engine.request(request("k"))
    runner = StubRunner()
    engine.start(runner, 2)
    wait_until(lambda: runner.told)
    wait_until(lambda: tickets(database) == 0)
    assert runner.began == ["k"]


@in_postgresql
def test_no_ticket_is_added_where_all_builds_have_theirs(
    engine: Engine, database: Database
) -> None:
    assert isinstance(database, PostgresqlDatabase)
    engine.request(request("k"))
    Tickets(database).replace()
    assert tickets(database) == 1


def test_the_engine_is_that_of_the_database(engine: Engine, settings: Settings) -> None:
    kind = ProcrastinatedEngine if settings.queue.postgresql else EmbeddedEngine
    assert isinstance(engine, kind)


def test_a_lease_that_no_worker_could_keep_is_refused(
    table: BuildTable, database: Database, logs: MemoryLogs
) -> None:
    settings = Settings(queue=Queue(lease=Duration(0.5)))
    with pytest.raises(UserError, match=r"queue\.lease: 0\.5 s is too short"):
        open_engine(settings, table, database, logs)


@in_postgresql
def test_a_server_that_is_away_is_told(engine: Engine, server: PostgresqlServer) -> None:
    server.stop()
    with pytest.raises(DatabaseError):
        engine.request(request("k"))
    server.start()
    assert engine.request(request("k")).new
