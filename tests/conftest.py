"""What every test may use: whole outputs held against files."""

import os

import pytest

from tests.golden_files import UPDATE, Golden


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.txt anew")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The golden files, of which one is written anew with ``--update-golden``."""
    asked: bool = pytestconfig.getoption("--update-golden", default=False)
    return Golden(asked or os.environ.get(UPDATE) == "1")
