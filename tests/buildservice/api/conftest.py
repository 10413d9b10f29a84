"""A build service for each test of the API."""

from pathlib import Path

import pytest
import requests

from tests.buildservice.api.api_service import ApiService


@pytest.fixture
def api(tmp_path: Path) -> ApiService:
    return ApiService.of(tmp_path)


@pytest.fixture
def client(api: ApiService) -> requests.Session:
    return api.client()
