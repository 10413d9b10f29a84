"""A build service for each test of pages."""

from pathlib import Path

import pytest

from tests.buildservice.pages.asking import Client
from tests.buildservice.pages.small_service import SmallService


@pytest.fixture
def small(tmp_path: Path) -> SmallService:
    return SmallService.of(tmp_path)


@pytest.fixture
def client(small: SmallService) -> Client:
    return small.client()
