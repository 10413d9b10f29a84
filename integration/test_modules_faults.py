"""What goes wrong: processes killed, disks full, upstreams that lie. Nothing wrong is served."""

import asyncio
import errno
import itertools
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import requests

from integration.misbehaving_upstream import (
    LARGE,
    VERSIONS,
    Upstream,
    altered,
    content_of,
    drop_by_drop,
    failing,
    slowly,
    truncated,
    upstream_server,
    without_length,
    zip_of,
    zipped,
)
from integration.module_servers import ModuleServer, running
from integration.processes import kill_all, workers_of

SMALL = "example.com/small"
BIG_ZIP = f"example.com{LARGE}/@v/v1.0.0.zip"
ZIP = f"{SMALL}/@v/v1.0.0.zip"
MOD = f"{SMALL}/@v/v1.0.0.mod"
INFO = f"{SMALL}/@v/v1.0.0.info"
LIST = f"{SMALL}/@v/list"
LATEST = f"{SMALL}/@latest"


@dataclass(frozen=True, slots=True)
class Pair:
    """A proxy and its upstream."""

    upstream: Upstream
    server: ModuleServer


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A proxy with two workers, for tests that each ask for modules of their own."""
    folder = tmp_path_factory.mktemp("shared")
    with upstream_server() as upstream, proxy(upstream, folder, workers=2) as server:
        yield Pair(upstream, server)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with upstream_server() as server:
        yield server


def settings_for(upstream: Upstream, **others: Any) -> dict[str, Any]:
    return {
        "upstream": {"proxies": upstream.url, "attempts": 1, "read_timeout": "30s"},
        "sums": {"database": "off"},
        **others,
    }


@contextmanager
def proxy(upstream: Upstream, folder: Path, **others: Any) -> Iterator[ModuleServer]:
    with running(settings_for(upstream, **others), folder) as server:
        yield server


def get(server: ModuleServer, path: str, seconds: float = 30) -> requests.Response:
    return requests.get(f"{server.url}/{path}", timeout=seconds)


def temporaries(server: ModuleServer) -> list[Path]:
    return list((server.root / "public/.gobp/tmp").iterdir())


def check_tree(root: Path) -> int:
    """Check that every file of the public tree is whole and right; return how many there are."""
    found = 0
    for path in sorted((root / "public").rglob("*")):
        relative = path.relative_to(root / "public").as_posix()
        if path.is_dir() or relative.startswith(".gobp/"):
            continue
        found += 1
        if path.suffix == ".ziphash":
            assert path.with_suffix(".zip").exists() or path.read_bytes().startswith(b"h1:")
        else:
            assert path.read_bytes() == content_of(relative), relative
    return found


def test_a_server_killed_while_it_fetches_leaves_nothing_and_fetches_again(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.next_answers[BIG_ZIP] = [drop_by_drop(20)]
    with proxy(upstream, tmp_path) as server:
        client = threading.Thread(target=_ignoring_failures, args=(server, BIG_ZIP))
        client.start()
        _until(lambda: any(path.stat().st_size > 1_000_000 for path in temporaries(server)))
        kill_all(server)
        client.join()
        assert temporaries(server)
        assert not (server.root / "public" / BIG_ZIP).exists()
    time.sleep(1.1)

    with proxy(upstream, tmp_path) as server:
        assert temporaries(server) == []
        assert get(server, BIG_ZIP).content == content_of(BIG_ZIP)
    assert upstream.asked[BIG_ZIP] == 2


def test_a_server_killed_again_and_again_while_it_publishes_never_shows_half_a_version(
    tmp_path: Path, upstream: Upstream
) -> None:
    paths = [f"example.com/m{n}/@v/v1.0.0.{kind}" for n in range(60) for kind in ("mod", "zip")]
    dice = random.Random(5)
    for _ in range(6):
        with proxy(upstream, tmp_path) as server, ThreadPoolExecutor(8) as clients:
            for path in dice.sample(paths, 40):
                clients.submit(_ignoring_failures, server, path)
            time.sleep(dice.uniform(0.02, 0.3))
            kill_all(server)
        check_tree(tmp_path / "root")

    with proxy(upstream, tmp_path) as server:
        for path in paths:
            assert get(server, path).content == content_of(path)
    assert check_tree(tmp_path / "root") >= len(paths)


@pytest.mark.parametrize("wrong", [truncated, altered])
@pytest.mark.parametrize("size", ["/small", LARGE])
def test_a_wrong_body_reaches_nobody_and_the_right_one_is_fetched_next(
    pair: Pair, wrong: Any, size: str
) -> None:
    path = f"example.com/{wrong.__name__}{size}/@v/v1.0.0.zip"
    pair.upstream.next_answers[path] = [wrong] * 5

    answer = _or_broken(pair.server, path)  # broken, where it was being streamed
    assert answer is None or answer.status_code == 502, answer.text
    assert not (pair.server.root / "public" / path).exists()
    assert temporaries(pair.server) == []

    pair.upstream.next_answers[path] = []
    _until(lambda: get(pair.server, path).content == content_of(path))


@pytest.mark.parametrize("kind", ["mod", "info"])
def test_a_page_in_place_of_a_file_is_not_kept(pair: Pair, kind: str) -> None:
    path = f"example.com/page/@v/v1.0.0.{kind}"
    pair.upstream.contents[path] = b"<html>Please log in to this network</html>\n"
    assert get(pair.server, path).status_code == 502

    del pair.upstream.contents[path]
    _until(lambda: get(pair.server, path).content == content_of(path))


def test_a_version_that_was_tagged_again_is_refused(tmp_path: Path, upstream: Upstream) -> None:
    with proxy(upstream, tmp_path) as server:
        for path in (ZIP, MOD):
            assert get(server, path).status_code == 200
            (server.root / "public" / path).unlink()  # as gc does
    upstream.contents[ZIP] = zip_of(SMALL, "v1.0.0", seed="again")
    upstream.contents[MOD] = content_of(MOD) + b"// again\n"

    with proxy(upstream, tmp_path) as server:
        for path in (ZIP, MOD):
            answer = get(server, path)
            assert answer.status_code == 502
            assert "has changed" in answer.text
        upstream.contents.clear()
        assert get(server, ZIP).content == content_of(ZIP)


@pytest.mark.parametrize(("first", "second"), [(MOD, ZIP), (ZIP, MOD)])
def test_private_files_of_before_and_after_a_version_was_tagged_again_are_not_mixed(
    tmp_path: Path, upstream: Upstream, first: str, second: str
) -> None:
    other_mod = content_of(MOD) + b"// again\n"
    private = {"modules": SMALL, "private": True, "upstream": upstream.url}
    with proxy(upstream, tmp_path, rules=[private]) as server:
        assert get(server, first).content == content_of(first)
        upstream.contents[MOD] = other_mod
        upstream.contents[ZIP] = zip_of(SMALL, "v1.0.0", go_mod=other_mod)
        answer = get(server, second)
        assert answer.status_code == 502
        assert "has changed" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bomb", zipped({"example.com/bomb@v1.0.0/zeros": bytes(600_000_000)}), "larger than"),
        ("climber", zipped({"example.com/climber@v1.0.0/../../../etc/passwd": b"x"}), "climber"),
        ("absolute", zipped({"/etc/passwd": b"x"}), "/etc/passwd"),
        (
            "twice",
            zipped({"example.com/twice@v1.0.0/a": b"", "example.com/twice@v1.0.0/A": b""}),
            "twice",
        ),
        ("other", zipped({"example.com/another@v1.0.0/a": b""}), "another"),
        ("text", b"this is no zip", "zip"),
    ],
)
def test_zips_that_are_traps_are_refused(pair: Pair, name: str, content: bytes, said: str) -> None:
    path = f"example.com/{name}/@v/v1.0.0.zip"
    pair.upstream.contents[path] = content
    answer = get(pair.server, path)
    while (
        answer.status_code == 504
    ):  # a busy machine looks at the large one for longer than a request waits
        answer = get(pair.server, path)
    assert answer.status_code == 502
    assert said in answer.text
    assert not (pair.server.root / "public" / path).exists()


def test_trouble_upstream_is_told_as_trouble_and_what_is_stored_is_served(
    tmp_path: Path, upstream: Upstream
) -> None:
    fresh = {"list": "0", "latest": "0", "stale": "0"}
    with proxy(upstream, tmp_path, fresh=fresh) as server:
        known = [ZIP, MOD, INFO, LIST, LATEST]
        before = [get(server, path).content for path in known]
        for trouble in (failing(500), failing(503), failing(429), truncated):
            upstream.usually = trouble
            assert [get(server, path).content for path in known] == before
            unknown = get(server, "example.com/unknown/@v/v1.0.0.mod")
            assert unknown.status_code in {502, 503, 504}, unknown.text
            assert unknown.headers["content-type"].startswith("text/plain")


def test_an_upstream_that_fails_every_other_time_is_no_trouble_for_a_second_attempt(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.next_answers[ZIP] = [failing(503), truncated]
    settings = settings_for(upstream)
    settings["upstream"]["attempts"] = 4
    with running(settings, tmp_path) as server:
        assert get(server, ZIP).content == content_of(ZIP)


def test_a_slow_upstream_holds_nobody_else_up(pair: Pair) -> None:
    slow, other = (f"example.com/{name}/@v/v1.0.0.zip" for name in ("slow", "quick"))
    pair.upstream.next_answers[slow] = [slowly(3)]
    with ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(get, pair.server, slow)
        began = time.monotonic()
        assert get(pair.server, other).status_code == 200
        assert time.monotonic() - began < 1
        assert waiting.result().content == content_of(slow)


def test_a_client_that_waited_long_enough_is_told_so_and_finds_the_file_later(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.next_answers[ZIP] = [slowly(3)]
    with proxy(upstream, tmp_path, limits={"request_timeout": "500ms"}) as server:
        answer = get(server, ZIP)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        _until((server.root / "public" / ZIP).exists)
        assert get(server, ZIP).content == content_of(ZIP)
    assert upstream.asked[ZIP] == 1


def test_a_client_that_leaves_does_not_end_the_fetch(pair: Pair) -> None:
    path = f"example.com/left{LARGE}/@v/v1.0.0.zip"
    pair.upstream.next_answers[path] = [drop_by_drop(2)]
    answer = requests.get(f"{pair.server.url}/{path}", stream=True, timeout=30)
    next(answer.iter_content(1000))
    answer.close()

    _until((pair.server.root / "public" / path).exists, pair.server)
    assert get(pair.server, path).content == content_of(path)
    assert pair.upstream.asked[path] == 1


@pytest.mark.parametrize("name", [f"{LARGE}/@v/v1.0.0.zip", "/@v/v1.0.0.zip", "/@v/v1.0.0.mod"])
def test_sixteen_clients_of_a_cold_file_are_one_request_upstream(pair: Pair, name: str) -> None:
    path = f"example.com/herd{name}"
    pair.upstream.next_answers[path] = [drop_by_drop(1)]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: get(pair.server, path), range(16)))
    assert {answer.content for answer in answers} == {content_of(path)}
    assert pair.upstream.asked[path] == 1


def test_a_large_zip_reaches_its_client_while_it_is_fetched(pair: Pair) -> None:
    path = f"example.com/streamed{LARGE}/@v/v1.0.0.zip"
    pair.upstream.next_answers[path] = [drop_by_drop(3)]
    began = time.monotonic()
    answer = requests.get(f"{pair.server.url}/{path}", stream=True, timeout=30)
    next(answer.iter_content(1000))
    assert time.monotonic() - began < 2
    assert answer.headers["content-length"] == str(len(content_of(path)))
    answer.close()


def test_clients_that_do_not_read_take_no_memory(pair: Pair) -> None:
    path = f"example.com/unread{LARGE}/@v/v1.0.0.zip"
    pair.upstream.next_answers[path] = [drop_by_drop(1)]
    before = sum(memory_of(worker) for worker in workers_of(pair.server))
    with ExitStack() as stack:
        for _ in range(24):
            client = stack.enter_context(connected(pair.server))
            client.sendall(f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        _until((pair.server.root / "public" / path).exists, pair.server)
        time.sleep(0.5)
        taken = sum(memory_of(worker) for worker in workers_of(pair.server)) - before
    assert taken < 60_000_000  # of 216 MB that they asked for
    assert get(pair.server, path).content == content_of(path)


def memory_of(process: int) -> int:
    """Return the bytes of memory that are a process's share."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def connected(server: ModuleServer) -> socket.socket:
    """Return a connection whose client takes in little that it does not read."""
    parts = urlsplit(server.url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((parts.hostname, parts.port))
    return client


def test_a_zip_of_unknown_length_is_given_whole(pair: Pair) -> None:
    path = f"example.com/unknown{LARGE}/@v/v1.0.0.zip"
    pair.upstream.next_answers[path] = [without_length]
    assert get(pair.server, path).content == content_of(path)


def test_a_module_whose_repository_is_gone_is_still_listed_and_served(
    tmp_path: Path, upstream: Upstream
) -> None:
    fresh = {"list": "0", "latest": "0", "stale": "0", "missing_module": "0"}
    with proxy(upstream, tmp_path, fresh=fresh) as server:
        for path in (ZIP, MOD, INFO):
            get(server, path)
        upstream.gone = True
        assert get(server, LIST).text == "v1.0.0\n"
        assert get(server, LATEST).json()["Version"] == "v1.0.0"
        assert get(server, ZIP).content == content_of(ZIP)
        assert get(server, f"{SMALL}/@v/v1.1.0.mod").status_code == 404


def test_the_latest_version_is_computed_where_upstream_knows_none(pair: Pair) -> None:
    path = "example.com/latest/@latest"
    pair.upstream.contents[path] = None
    assert get(pair.server, path).json()["Version"] == VERSIONS[-1]


def test_a_full_disk_is_told_and_the_server_lives_on(tmp_path: Path, upstream: Upstream) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        proxy(upstream, tmp_path, root=str(disk)) as server,
    ):
        assert get(server, ZIP).status_code == 200
        (disk / "ballast").write_bytes(bytes(26_000_000))
        answer = _or_broken(server, BIG_ZIP)  # broken, where it was being streamed
        assert answer is None or answer.status_code == 507, answer.text
        assert temporaries(server) == []
        assert not (disk / "public" / BIG_ZIP).exists()
        assert get(server, ZIP).content == content_of(ZIP)

        fill(disk / "more")
        others = [f"example.com/other{n}/@v/v1.0.0.zip" for n in range(100)]
        refused = next(answer for path in others if (answer := get(server, path)).status_code > 200)
        assert refused.status_code == 507
        assert "disk is full" in refused.text
        assert get(server, LIST).status_code == 200

        (disk / "ballast").unlink()
        (disk / "more").unlink()
        assert get(server, BIG_ZIP).content == content_of(BIG_ZIP)
        check_tree(disk)


def test_five_thousand_requests_during_restarts_get_the_right_bytes_or_none(
    tmp_path: Path, upstream: Upstream
) -> None:
    paths = [
        f"example.com/m{n}/@v/{name}"
        for n in range(80)
        for name in ("v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip", "v1.1.0.zip", "list")
    ]
    paths.append(BIG_ZIP)
    outcome = asyncio.run(_storm(tmp_path, upstream, paths, requests_in_all=5000))
    assert outcome["wrong"] == []
    assert outcome["right"] > 4000, outcome
    check_tree(tmp_path / "root")


async def _storm(
    folder: Path, upstream: Upstream, paths: list[str], *, requests_in_all: int
) -> dict[str, Any]:
    """Ask at random, 64 at once, while workers are killed and the server is restarted."""
    dice = random.Random(7)
    asked = [dice.choice(paths) for _ in range(requests_in_all)]
    outcome: dict[str, Any] = {"right": 0, "refused": 0, "broken": 0, "wrong": []}
    with proxy(upstream, folder, workers=2) as server:
        turns = asyncio.Semaphore(64)
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def ask(path: str) -> None:
                async with turns:
                    await asyncio.sleep(dice.random() / 2)
                    outcome[await _checked(session, f"{server.url}/{path}", path)] += 1

            disturbing = asyncio.ensure_future(_disturb(server))
            answers = await asyncio.gather(*map(ask, asked), return_exceptions=True)
            outcome["wrong"] = [str(answer) for answer in answers if answer is not None]
            disturbing.cancel()
            await asyncio.gather(disturbing, return_exceptions=True)
    return outcome


async def _checked(session: aiohttp.ClientSession, url: str, path: str) -> str:
    try:
        async with session.get(url) as answer:
            body = await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        return "broken"
    if answer.status != 200:
        assert answer.status in {502, 503, 504}, f"{path}: {answer.status} {body!r}"
        return "refused"
    assert body == content_of(path), path
    return "right"


async def _disturb(server: ModuleServer) -> None:
    """End the worker that is oldest every two seconds, with a word or without."""
    for how in itertools.cycle([signal.SIGKILL, signal.SIGTERM]):
        await asyncio.sleep(2.2)  # one that dies twice within 3.5 s is taken for broken
        workers = workers_of(server)
        if len(workers) == 2:
            os.kill(min(workers), how)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of 32 MB; skip where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write to a file until its disk is full."""
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC  # noqa: PT017 # the block above has to end so


def _ignoring_failures(server: ModuleServer, path: str) -> None:
    _or_broken(server, path)


def _or_broken(server: ModuleServer, path: str) -> requests.Response | None:
    try:
        return get(server, path)
    except requests.RequestException:
        return None


def _until(condition: Any, server: ModuleServer | None = None, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        log = server.logged()[-5000:] if server else ""
        assert time.monotonic() < end, f"it did not come to pass\n{log}"
        time.sleep(0.02)
