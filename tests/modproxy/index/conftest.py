"""Indexes to test: in SQLite, and in a real PostgreSQL server."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.settings.schema import Cluster, Settings
from tests.modproxy.index.postgresql_server import postgresql_server

NewIndex = Callable[[], SqlIndex]
"""Makes an index of the trees below the root folder of the test; each of them is empty."""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgresql_server() as conninfo:
        yield conninfo


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, root: Path) -> Settings:
    """Settings with which all processes of a test open the same index."""
    if request.param == "sqlite":
        return Settings(root=str(root))
    conninfo: str = request.getfixturevalue("server")
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    database = conninfo.replace("/postgres", f"/{name}")
    return Settings(root=str(root), cluster=Cluster(postgresql=database))


@pytest.fixture
def index(settings: Settings, root: Path) -> Iterator[SqlIndex]:
    opened = open_index(settings, root)
    assert isinstance(opened, SqlIndex)
    yield opened
    opened.close()
