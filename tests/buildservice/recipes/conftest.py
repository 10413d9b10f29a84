from pathlib import Path

import pytest

from tests.buildservice.recipes.kitchen import Kitchen, fill_warm


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of warm caches that has this machine's target."""
    folder = tmp_path_factory.mktemp("warm")
    fill_warm(folder)
    return folder


@pytest.fixture
def kitchen(tmp_path: Path, warm: Path) -> Kitchen:
    return Kitchen(tmp_path, warm)
