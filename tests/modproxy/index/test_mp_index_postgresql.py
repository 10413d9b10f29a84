"""What is told of a PostgreSQL that is not there."""

import socket
from pathlib import Path

import psycopg
import pytest

from gobp.modproxy.index.index import IndexUnavailableError
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.settings.schema import Cluster, Settings
from tests.modproxy.index.module_files import published


@pytest.mark.parametrize("form", ["postgresql://ann:hunter2@127.0.0.1:{port}/x", "hunter2 {port}"])
def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path, form: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        conninfo = form.format(port=nobody.getsockname()[1])
        index = open_index(Settings(cluster=Cluster(postgresql=conninfo)), tmp_path)
        with pytest.raises(IndexUnavailableError) as caught:
            index.totals()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_connection_that_broke_is_made_again(index: SqlIndex, settings: Settings) -> None:
    index.published([published("example.com/m")])
    index.totals()
    with psycopg.connect(settings.cluster.postgresql, autocommit=True) as admin:
        admin.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database()"""
        )
    with pytest.raises(IndexUnavailableError):
        index.totals()
    assert index.totals().versions == 1
    with pytest.raises(IndexUnavailableError):
        index.published([published("example.com/n")])
    index.published([published("example.com/n")])
    assert index.totals().versions == 2
