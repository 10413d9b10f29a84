"""PostgreSQL: not there, restarted, and what is told of it."""

import signal
import socket

import psycopg
import pytest

from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.state.postgresql import PostgresqlDatabase
from gobp.errors import UserError
from tests.buildservice.state.build_database import PostgresqlServer

pytestmark = pytest.mark.slow  # real tools and servers

SCHEMA = ("CREATE TABLE IF NOT EXISTS things (name TEXT)",)


def test_a_text_that_is_no_connection_string_is_told_without_its_password() -> None:
    with pytest.raises(UserError, match="is no connection string") as caught:
        PostgresqlDatabase("hunter2 at db")
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        database = PostgresqlDatabase(
            f"postgresql://ann:hunter2@127.0.0.1:{nobody.getsockname()[1]}/x"
        )
        with pytest.raises(DatabaseError, match="refused") as caught:
            database.prepare(SCHEMA)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_restart_of_the_server_between_transactions_is_not_noticed(
    server: PostgresqlServer, how: signal.Signals
) -> None:
    server.empty()
    database = PostgresqlDatabase(server.conninfo)
    database.prepare(SCHEMA)
    server.stop(how)
    with pytest.raises(DatabaseError), database.writing():
        pass
    server.start()
    for _ in range(3):
        with database.writing() as transaction:
            transaction.run("INSERT INTO things VALUES ('a')")
    server.stop(how)
    server.start()
    with database.reading() as transaction:
        assert transaction.run("SELECT COUNT(*) FROM things") == [(3,)]
    database.close()


def test_a_transaction_that_a_restart_interrupts_is_told_and_undone(
    server: PostgresqlServer,
) -> None:
    server.empty()
    database = PostgresqlDatabase(server.conninfo)
    database.prepare(SCHEMA)

    def write() -> None:
        with database.writing() as transaction:
            transaction.run("INSERT INTO things VALUES ('a')")
            server.stop()
            server.start()

    with pytest.raises(DatabaseError):
        write()
    with database.reading() as transaction:
        assert transaction.run("SELECT COUNT(*) FROM things") == [(0,)]
    database.close()


def test_a_user_who_may_not_make_tables_is_told_of_it(server: PostgresqlServer) -> None:
    server.empty()
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS weak")
        admin.execute("CREATE ROLE weak LOGIN")
    database = PostgresqlDatabase(server.conninfo.replace("gobp@", "weak@"))
    with pytest.raises(UserError, match="does not let gobp make its tables") as caught:
        database.prepare(SCHEMA)
    assert "grant" in caught.value.remedy
    database.close()
