"""Proxies with S3-compatible storage behind them: it is shared, and may fail."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from integration.misbehaving_upstream import LARGE, Upstream, content_of, upstream_server
from integration.module_servers import ModuleServer, running
from integration.processes import kill_all
from tests.modproxy.storage.s3_server import SECRET_KEY, S3Server, s3_server

MODULE = "example.com/m"
SMALL = [f"{MODULE}/@v/v1.0.0.{kind}" for kind in ("info", "mod", "zip")]
BIG_ZIP = f"example.com{LARGE}/@v/v1.0.0.zip"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with upstream_server() as server:
        yield server


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as server:
        yield server


@contextmanager
def node(upstream: Upstream, s3: S3Server, folder: Path, **others: Any) -> Iterator[ModuleServer]:
    """Run a node; ``others`` are more settings of its section store."""
    folder.mkdir(exist_ok=True)
    settings = {
        "upstream": {"proxies": upstream.url, "attempts": 1},
        "sums": {"database": "off"},
        "store": {**s3.settings(folder), **others},
    }
    with running(settings, folder) as server:
        yield server


def get(server: ModuleServer, path: str, **options: Any) -> requests.Response:
    return requests.get(f"{server.url}/{path}", timeout=60, **options)


def until_stored(s3: S3Server, *paths: str) -> None:
    end = time.monotonic() + 30
    while not {f"public/{path}" for path in paths} <= s3.stored():
        assert time.monotonic() < end, s3.stored()
        time.sleep(0.05)


def test_a_new_node_has_what_another_fetched_though_upstream_is_gone(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    with node(upstream, s3, tmp_path / "a") as first:
        for path in (*SMALL, BIG_ZIP):
            assert get(first, path).content == content_of(path)
        until_stored(s3, *SMALL, BIG_ZIP)
    asked = sum(upstream.asked.values())
    upstream.gone = True

    with node(upstream, s3, tmp_path / "b") as second:
        for path in (*SMALL, BIG_ZIP):
            assert get(second, path).content == content_of(path)
        assert sum(upstream.asked.values()) == asked
        assert get(second, f"{MODULE}/@v/list").text == "v1.0.0\n"
        assert get(second, f"{MODULE}/@latest").json()["Version"] == "v1.0.0"
        assert get(second, f"{MODULE}/@v/v1.1.0.mod").status_code == 404
        cached = get(second, f"cached-only/{MODULE}/@v/v1.0.0.zip")
        assert cached.content == content_of(SMALL[2])


def test_what_could_not_be_stored_is_stored_after_a_crash(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    s3.stop()
    with node(upstream, s3, tmp_path / "a") as server:
        for path in SMALL:
            assert get(server, path).content == content_of(path)
        kill_all(server)
    s3.start()
    assert s3.stored() == set()

    with node(upstream, s3, tmp_path / "a"):
        until_stored(s3, *SMALL)
    assert sum(upstream.asked.values()) == len(SMALL)


def test_storage_that_fails_is_never_told_as_a_module_that_is_not_there(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    with node(upstream, s3, tmp_path / "a") as first:
        assert get(first, SMALL[1]).status_code == 200
        until_stored(s3, SMALL[1])
    s3.stop()
    upstream.gone = True

    with node(upstream, s3, tmp_path / "b") as second:
        answer = get(second, SMALL[1])
        assert answer.status_code == 503
        assert answer.text == "the storage of this proxy cannot be reached\n"
        assert get(second, f"{MODULE}/@v/list").status_code == 503
        s3.start()
        time.sleep(5.5)  # in which it was not asked
        assert get(second, SMALL[1]).content == content_of(SMALL[1])


def test_wrong_keys_are_trouble_and_are_in_no_log(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    upstream.gone = True
    keys = tmp_path / "wrong-keys"
    keys.write_text("someone-else\nhunter2-hunter2\n")
    with node(upstream, s3, tmp_path / "a", access_key_file=str(keys)) as server:
        answer = get(server, SMALL[1])
        assert answer.status_code == 503
        said = answer.text + server.logged()
    assert "hunter2" not in said
    assert SECRET_KEY not in said


def test_clients_get_large_zips_from_the_storage_itself(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    with node(upstream, s3, tmp_path / "a", redirect_above="1MiB") as server:
        assert get(server, BIG_ZIP).content == content_of(BIG_ZIP)
        until_stored(s3, BIG_ZIP)
        time.sleep(5.5)  # in which it is believed not to be there yet
        sent = get(server, BIG_ZIP, allow_redirects=False)
        assert sent.status_code == 302
        assert sent.headers["location"].startswith(s3.endpoint)
        assert get(server, BIG_ZIP).content == content_of(BIG_ZIP)
        assert get(server, SMALL[2], allow_redirects=False).status_code == 200
    assert upstream.asked[BIG_ZIP] == 1


def test_an_object_that_was_altered_is_fetched_from_upstream(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    with node(upstream, s3, tmp_path / "a") as first:
        get(first, SMALL[2])
        until_stored(s3, SMALL[2])
    stored = s3.objects / "go/public" / SMALL[2]
    stored.write_bytes(stored.read_bytes().replace(b"package a", b"package b"))

    with node(upstream, s3, tmp_path / "b") as second:
        assert get(second, SMALL[2]).content == content_of(SMALL[2])
    assert upstream.asked[SMALL[2]] == 2
