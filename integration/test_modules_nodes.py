"""Several servers on one root, and several nodes: one fetches, and all have the same bytes."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from integration.misbehaving_upstream import (
    LARGE,
    Upstream,
    content_of,
    drop_by_drop,
    upstream_server,
    zip_of,
)
from integration.module_servers import ModuleServer, running
from tests.modproxy.fetching.lock_servers import redis_server
from tests.modproxy.index.postgresql_server import postgresql_server
from tests.modproxy.storage.s3_server import S3Server, s3_server

NAMES = (f"{LARGE}/@v/v1.0.0.zip", "/small/@v/v1.0.0.zip", "/small/@v/v1.0.0.mod")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with upstream_server() as server:
        yield server


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as server:
        yield server


@contextmanager
def two(
    upstream: Upstream, folder: Path, *, s3: S3Server | None = None, **others: Any
) -> Iterator[list[ModuleServer]]:
    """Run two servers: on one root, or, with storage that they share, as nodes of a cluster."""
    with ExitStack() as stack:
        servers = []
        for name in ("a", "b"):
            own = folder / name
            own.mkdir(exist_ok=True)
            settings = {
                "upstream": {"proxies": upstream.url, "attempts": 1},
                "sums": {"database": "off"},
                "root": str(own / "root" if s3 else folder / "root"),
                **({"store": s3.settings(own)} if s3 else {}),
                **others,
            }
            servers.append(stack.enter_context(running(settings, own)))
        yield servers


def get_at_once(servers: Sequence[ModuleServer], path: str, times: int = 4) -> set[bytes]:
    """Ask all servers at the same moment, each some times; return the bodies, all of status 200."""
    with ThreadPoolExecutor(len(servers) * times) as clients:
        urls = [f"{server.url}/{path}" for server in servers] * times
        answers = list(clients.map(lambda url: requests.get(url, timeout=60), urls))
    assert {answer.status_code for answer in answers} == {200}, [each.text for each in answers]
    return {answer.content for answer in answers}


def test_two_servers_on_one_root_fetch_once(tmp_path: Path, upstream: Upstream) -> None:
    upstream.usually = drop_by_drop(0.5)
    with two(upstream, tmp_path) as servers:
        for name in NAMES:
            path = f"example.com{name}"
            assert get_at_once(servers, path) == {content_of(path)}
            assert upstream.asked[path] == 1


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_two_nodes_that_share_locks_and_storage_fetch_once(
    tmp_path: Path, upstream: Upstream, s3: S3Server, kind: str
) -> None:
    upstream.usually = drop_by_drop(0.5)
    server = postgresql_server() if kind == "postgresql" else redis_server(tmp_path)
    with server as url, two(upstream, tmp_path, s3=s3, cluster={kind: url}) as servers:
        for name in NAMES:
            path = f"example.com{name}"
            assert get_at_once(servers, path) == {content_of(path)}
            assert upstream.asked[path] == 1


def test_two_nodes_without_locks_have_the_same_bytes(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    upstream.usually = drop_by_drop(0.3)
    with two(upstream, tmp_path, s3=s3) as servers:
        for name in NAMES:
            path = f"example.com{name}"
            assert get_at_once(servers, path) == {content_of(path)}


def test_two_nodes_between_which_a_version_is_tagged_again_serve_what_the_first_saw(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    path = "example.com/again/@v/v1.0.0.zip"
    with two(upstream, tmp_path, s3=s3) as (first, second):
        assert get_at_once([first], path) == {content_of(path)}
        _until_stored(s3, path)
        upstream.contents[path] = zip_of("example.com/again", "v1.0.0", seed="again")
        assert get_at_once([second], path) == {content_of(path)}
    assert upstream.asked[path] == 1


def test_nodes_that_lose_their_lock_server_go_on(
    tmp_path: Path, upstream: Upstream, s3: S3Server
) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(redis_server(tmp_path))
        with two(upstream, tmp_path, s3=s3, cluster={"redis": url}) as servers:
            assert get_at_once(servers, "example.com/a/@v/v1.0.0.zip")
            stack.close()
            for n in range(5):
                path = f"example.com/m{n}/@v/v1.0.0.zip"
                began = time.monotonic()
                assert get_at_once(servers, path) == {content_of(path)}
                assert time.monotonic() - began < 10
            for server in servers:
                assert server.logged().count("Redis is lost") == 1


def _until_stored(s3: S3Server, path: str) -> None:
    end = time.monotonic() + 30
    while f"public/{path}" not in s3.stored():
        assert time.monotonic() < end, s3.stored()
        time.sleep(0.05)
