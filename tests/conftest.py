"""What every test may use: whole outputs held against files."""

import os

import pytest
from hypothesis import settings

from tests.golden_files import UPDATE, Golden

# Properties are tried on a few examples, other ones each time, so that the unit tests stay quick;
# .ci/run asks for more of them by --hypothesis-profile=thorough.
settings.register_profile("quick", max_examples=25)
settings.register_profile("thorough", max_examples=100)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/*.txt anew")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """The golden files, of which one is written anew with ``--update-golden``."""
    asked: bool = pytestconfig.getoption("--update-golden", default=False)
    return Golden(asked or os.environ.get(UPDATE) == "1")
