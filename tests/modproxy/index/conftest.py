"""Indexes to test: in SQLite, and in a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.settings.schema import Cluster, Settings
from tests.modproxy.index.postgresql_server import postgresql_server


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
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS gobp_askers, gobp_versions, gobp_totals")
    return Settings(root=str(root), cluster=Cluster(postgresql=conninfo))


@pytest.fixture
def index(settings: Settings, root: Path) -> Iterator[SqlIndex]:
    opened = open_index(settings, root)
    assert isinstance(opened, SqlIndex)
    yield opened
    opened.close()
