import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.types import Receive, Scope, Send

from gobp.buildservice.api.figures import Figures
from gobp.buildservice.api.recording import Recorded
from gobp.serving.passwords import format_token_hash, new_token
from gobp.serving.writer import LineWriter
from tests.buildservice.api.api_service import HEY_PATH, ApiService

pytestmark = pytest.mark.slow  # real tools and servers

TOKEN = new_token()


def test_a_process_that_answers_is_alive(client: requests.Session) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.head("/healthz").status_code == 200


def test_a_server_that_stops_is_not_ready(api: ApiService, client: requests.Session) -> None:
    assert client.get("/readyz").status_code == 200
    api.draining.begin()
    reply = client.get("/readyz")
    assert (reply.status_code, reply.text) == (503, "draining: this server stops soon\n")


def test_a_server_without_its_database_is_not_ready_and_asks_to_come_again(
    api: ApiService, client: requests.Session
) -> None:
    api.database.close()
    for file in api.root.glob("builds.db*"):
        file.unlink()
    (api.root / "builds.db").mkdir()

    ready, asked = client.get("/readyz"), client.get("/api/v1/builds")

    assert (ready.status_code, ready.text) == (503, "the database cannot be reached\n")
    assert (asked.status_code, asked.headers["retry-after"]) == (503, "5")
    assert asked.json()["type"] == "urn:gobp:problem:not-available"
    assert str(api.root) not in asked.text


def test_figures_tell_of_requests_and_builds(api: ApiService, client: requests.Session) -> None:
    api.queued()
    client.get(HEY_PATH)
    client.get("/no/such/page")

    text = client.get("/metrics").text

    route = "/{remote}/{owner}/{repo}/{goos}/{goarch}/{version:path}"
    line = f'gobp_builds_requests_total{{method="GET",route="{route}",status="404"}} 1.0'
    assert line in text
    assert 'gobp_builds{state="queued"} 1.0' in text
    assert "gobp_builds_request_seconds_bucket" in text
    assert "no/such/page" not in text


def test_figures_of_all_processes_are_added_up(tmp_path: Path) -> None:
    figures = Figures(tmp_path)
    figures.count("GET", "/x", 200, 0.1)
    (own,) = tmp_path.glob("*")
    figures.text({}, 0)
    (mine,) = own.glob("*.json")
    (own / "999999999.json").write_bytes(mine.read_bytes())
    (own / "1.json").write_bytes(b"of another release")

    text = figures.text({}, 2).decode()

    assert 'gobp_builds_requests_total{method="GET",route="/x",status="200"} 2.0' in text
    assert "gobp_builds_processes 1.0" in text
    assert "gobp_builds_running_here 2.0" in text


def test_figures_of_servers_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    gone = tmp_path / "999999999"
    gone.mkdir()
    Figures(tmp_path)
    assert not gone.exists()


def test_figures_may_need_a_token(tmp_path: Path) -> None:
    token = {"name": "prometheus", "token_hash": format_token_hash(TOKEN)}
    api = ApiService.of(tmp_path, access={"metrics": False, "tokens": [token]})
    assert api.client().get("/metrics").status_code == 401
    assert api.client(TOKEN).get("/metrics").status_code == 200


def test_the_public_key_is_given_to_everybody(client: requests.Session) -> None:
    for path in ("/api/v1/keys", "/keys"):
        load_pem_public_key(client.get(path).content)


def test_webhooks_are_given_to_who_takes_them(client: requests.Session) -> None:
    reply = client.post("/hooks/corp", data=b"x" * 100_000, headers={"x-github-event": "push"})
    assert (reply.status_code, reply.text) == (202, "corp push 100000\n")


def test_webhooks_have_a_bound_too(client: requests.Session) -> None:
    assert client.post("/hooks/corp", data=b"x" * 6_000_000).status_code == 413


def test_pages_are_beside_the_api_with_headers_of_their_own(client: requests.Session) -> None:
    page = client.get("/")
    assert (page.text, page.headers["x-frame-options"]) == ("page", "X")


def test_every_answer_has_an_id_and_headers_that_keep_browsers_safe(
    client: requests.Session,
) -> None:
    own = client.get("/no/such/page", headers={"x-request-id": "mine-1"})
    odd = client.get("/healthz", headers={"x-request-id": "two words"})
    assert own.headers["x-request-id"] == "mine-1"
    assert odd.headers["x-request-id"] != "two words"
    assert own.headers["x-content-type-options"] == "nosniff"
    assert own.headers["content-security-policy"].startswith("default-src 'none'")
    assert own.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["text", "json"])
def test_requests_are_logged_without_secrets(tmp_path: Path, form: str) -> None:
    log = tmp_path / "requests.log"
    token = {"name": "ci", "token_hash": format_token_hash(TOKEN)}
    api = ApiService.of(
        tmp_path, log={"requests": str(log), "format": form}, access={"tokens": [token]}
    )
    client = api.client(TOKEN)

    client.get(f"{HEY_PATH}?wait=0&secret={TOKEN}", headers={"x-request-id": "r1"})
    client.get("/a%0Ab", headers={"user-agent": 'odd "agent"'})

    first, second = _lines_of(log, 2)
    assert TOKEN not in first + second
    if form == "json":
        told = json.loads(first)
        assert (told["user"], told["status"], told["path"]) == ("ci", 404, HEY_PATH)
        assert json.loads(second)["path"] == "/a\nb"
    else:
        words = first.split()
        assert words[1:7] == ["r1", "testclient", "ci", "GET", HEY_PATH, "404"]
        assert len(second.split()) == len(words)


def test_files_that_the_server_reads_itself_have_their_size_in_the_log(tmp_path: Path) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        length = [(b"content-length", b"4711")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.pathsend", "path": "/file"})

    async def nothing(*_: object) -> Any:
        return None

    log = tmp_path / "requests.log"
    recorded = Recorded(app, "", Figures(tmp_path / "figures"), LineWriter(str(log)), "json")
    scope = {"type": "http", "method": "GET", "path": "/file", "headers": []}

    asyncio.run(recorded(scope, nothing, nothing))

    (line,) = _lines_of(log, 1)
    assert json.loads(line)["bytes"] == 4711


def test_a_bug_is_answered_and_its_traceback_is_logged(
    api: ApiService, client: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    class BrokenError(Exception):
        """Nobody expects it."""

    def broken(*_: object, **__: object) -> None:
        raise BrokenError

    api.resolver.resolve = broken  # type: ignore[method-assign,assignment] # a bug
    with caplog.at_level(logging.ERROR):
        reply = client.post(HEY_PATH, headers={"x-request-id": "r2"})

    assert (reply.status_code, reply.json()["type"]) == (500, "urn:gobp:problem:internal")
    assert "BrokenError" not in reply.text
    assert "request r2 failed" in caplog.text
    assert "BrokenError" in caplog.text


def test_all_is_below_the_base_path(tmp_path: Path) -> None:
    client = ApiService.of(tmp_path, base_path="/go").client()
    told = client.post(f"/go{HEY_PATH}")
    assert told.headers["location"].startswith("/go/builds/")
    assert told.json()["url"].startswith("/go/git.example/")
    assert client.get(told.headers["location"]).json()["url"].startswith("/go/api/v1/builds/")
    assert client.get("/go/openapi.json").json()["servers"] == [{"url": "/go"}]


def _lines_of(log: Path, number: int) -> list[str]:
    end = time.monotonic() + 10
    while len(lines := log.read_text().splitlines()) < number:
        assert time.monotonic() < end, lines
        time.sleep(0.05)
    return lines
