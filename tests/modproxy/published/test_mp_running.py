"""A proxy says that it runs; builds find it only where it does."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gobp.modproxy.running import Running, announced, find_running

_GONE = 2**22 + 1  # above the largest process id of Linux


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/go/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def proxy() -> Iterator[Running]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Running(f"http://127.0.0.1:{server.server_port}/go", os.getpid(), anonymous=True)
        server.shutdown()
        thread.join()


@pytest.fixture(params=["XDG_RUNTIME_DIR", "XDG_CACHE_HOME"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return {request.param: str(tmp_path), "HOME": "/nonexistent", "http_proxy": "http://[::1]:1"}


def file_of(env: dict[str, str]) -> Path:
    return Path(next(iter(env.values())), "gobp/modules.json")


def test_a_proxy_is_found_while_it_runs_and_not_after(env: dict[str, str]) -> None:
    with proxy() as running:
        with announced(running, env):
            assert find_running(env) == running
            assert file_of(env).stat().st_mode & 0o777 == 0o600
        assert find_running(env) is None
        assert not file_of(env).exists()


def test_without_a_folder_at_run_time_the_cache_has_the_file(tmp_path: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(tmp_path / "missing"), "HOME": str(tmp_path)}

    with proxy() as running, announced(running, env):
        assert find_running(env) == running
        assert (tmp_path / ".cache/gobp/modules.json").exists()


def test_one_that_was_started_later_stays_known(env: dict[str, str]) -> None:
    with proxy() as first, proxy() as second, announced(second, env):
        with announced(first, env):
            file_of(env).write_text(json.dumps(vars_of(second)))
        assert find_running(env) == second


def test_a_proxy_that_wants_to_know_who_asks_is_not_used(env: dict[str, str]) -> None:
    with proxy() as running:
        closed = Running(running.url, running.pid, anonymous=False)
        with announced(closed, env):
            assert find_running(env) is None


def test_a_proxy_at_a_socket_is_not_announced(env: dict[str, str]) -> None:
    with announced(Running("", os.getpid(), anonymous=True), env):
        assert not file_of(env).exists()


def test_a_file_of_a_process_that_died_is_passed_over(env: dict[str, str]) -> None:
    with proxy() as running:
        file_of(env).parent.mkdir()
        file_of(env).write_text(json.dumps({**vars_of(running), "pid": _GONE}))
        assert find_running(env) is None


def test_a_proxy_that_does_not_answer_is_passed_over(env: dict[str, str]) -> None:
    with proxy() as running:
        pass
    with announced(running, env):
        assert find_running(env) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"url":1,"pid":1,"anonymous":true}',
        '{"url":"file:///etc","pid":1,"anonymous":true}',
        '{"url":"http://x","pid":0,"anonymous":true}',
        '{"url":"http://x","pid":"1","anonymous":true}',
        '{"url":"http://x","pid":99999999999999999999,"anonymous":true}',
        '{"url":"http://[","pid":1,"anonymous":true}',
    ],
)
def test_a_file_that_is_not_right_is_passed_over(env: dict[str, str], content: str) -> None:
    file_of(env).parent.mkdir()
    file_of(env).write_text(content)

    assert find_running(env) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_passed_over(env: dict[str, str]) -> None:
    with proxy() as running, announced(running, env):
        os.chown(file_of(env), 65534, 65534)
        assert find_running(env) is None


def vars_of(running: Running) -> dict[str, object]:
    return {"url": running.url, "pid": running.pid, "anonymous": running.anonymous}
