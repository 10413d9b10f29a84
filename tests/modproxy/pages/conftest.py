"""A site over an index with some modules."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.modproxy.index.index import Use
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.settings.schema import Settings
from tests.modproxy.index.module_files import published

TOML = "github.com/BurntSushi/toml"
SECRET = "corp.example/secret"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqlIndex]:
    """An index of two public modules and a private one."""
    opened = open_index(Settings(), tmp_path)
    assert isinstance(opened, SqlIndex)
    opened.published(
        [
            published(TOML, "v1.4.0", Kind.INFO, size=51, when=1_700_000_000),
            published(TOML, "v1.4.0", Kind.MOD, size=42, when=1_700_000_000),
            published(TOML, "v1.4.0", Kind.ZIP, size=1_234_567, h1="h1:toml=", when=1_700_000_001),
            published(TOML, "v0.0.0-20200101000000-abcdefabcdef", when=1_700_000_002),
            published("example.com/m", "v2.0.0+incompatible", when=1_700_000_003),
            published(SECRET, private=True, when=1_700_000_004),
        ]
    )
    opened.used([Use(TOML, "v1.4.0", "ann", Origin.TREE, 3, 1_700_003_600.0)])
    yield opened
    opened.close()
