"""Where databases are asked, with real servers."""

import asyncio
from pathlib import Path

import pytest

from gobp.modproxy.settings.schema import Sums, Upstream
from gobp.modproxy.sources.chain import OffSource
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.source import NotFoundError, SourceError, UnavailableError
from gobp.modproxy.sums.source import DatabaseSource
from tests.fakes.trouble_server import Answer, Request, TroubleServer, serving
from tests.modproxy.sums.small_database import Signer

NAME = "sums.example.com/go"
GONE = "127.0.0.1:1"


def answers(*paths: str, status: int = 404) -> Answer:
    """Return how to answer with its path for each of these paths, and for all else not."""

    def answer(request: Request, _: int) -> None:
        known = request.path in paths
        request.whole(request.path.encode(), 200 if known else status)

    return answer


def ask(proxies: str, *files: str, sums: Sums | None = None, database: str = NAME) -> list[bytes]:
    async def run() -> list[bytes]:
        sources = Sources(Upstream(proxies=proxies, attempts=1), direct=OffSource(), env={})
        source = DatabaseSource(sums or Sums(database="off"), sources)
        try:
            return await asyncio.gather(*(source.read(database, file) for file in files))
        finally:
            await sources.close()

    return asyncio.run(run())


def asked(server: TroubleServer) -> list[str]:
    return [path for path, _ in server.requests]


def test_a_database_is_asked_through_the_proxy_that_supports_it() -> None:
    known = (f"/sumdb/{NAME}/supported", f"/sumdb/{NAME}/latest", f"/sumdb/{NAME}/tile/8/0/000")
    with serving(answers()) as without, serving(answers(*known)) as server:
        contents = ask(f"{without.url},{server.url},direct", "latest", "tile/8/0/000")

    assert contents == [path.encode() for path in known[1:]]
    assert asked(without) == [known[0]]
    assert sorted(asked(server)) == sorted(known)


def test_a_proxy_in_trouble_is_not_gone_around() -> None:
    with (
        serving(answers(status=403)) as refusing,
        serving(answers()) as other,
        pytest.raises(SourceError) as caught,
    ):
        ask(f"{refusing.url},{other.url}", "latest")

    assert caught.value.status == 403
    assert asked(other) == []


def test_after_a_bar_another_proxy_helps() -> None:
    known = (f"/sumdb/{NAME}/supported", f"/sumdb/{NAME}/latest")
    with serving(answers(status=403)) as refusing, serving(answers(*known)) as other:
        assert ask(f"{refusing.url}|{other.url}", "latest") == [known[1].encode()]


def test_what_failed_is_tried_again() -> None:
    async def run() -> bytes:
        sources = Sources(Upstream(proxies=server.url, attempts=1), direct=OffSource(), env={})
        source = DatabaseSource(Sums(database="off"), sources)
        try:
            with pytest.raises(SourceError):
                await source.read(NAME, "latest")
            return await source.read(NAME, "latest")
        finally:
            await sources.close()

    def answer(request: Request, number: int) -> None:
        request.whole(b"fine", 403 if number == 1 else 200)

    with serving(answer) as server:
        assert asyncio.run(run()) == b"fine"


@pytest.mark.parametrize("proxies", ["direct", "off", ""])
def test_without_a_proxy_that_supports_it_a_database_is_asked_itself(proxies: str) -> None:
    with (
        serving(answers()) as server,
        pytest.raises(UnavailableError, match=rf"https://{GONE}/latest: no connection"),
    ):
        ask(proxies or server.url, "latest", database=GONE)


def test_a_database_is_asked_where_the_settings_have_it() -> None:
    with serving(answers("/db/latest")) as server, serving(answers()) as upstream:
        sums = Sums(database="off", urls={NAME: f"{server.url}/db"})
        assert ask(upstream.url, "latest", sums=sums) == [b"/db/latest"]

    assert asked(upstream) == []


def test_a_database_is_asked_where_gosumdb_has_it() -> None:
    with serving(answers("/db/latest")) as server:
        sums = Sums(database=f"{Signer(NAME).key} {server.url}/db")
        assert ask("off", "latest", sums=sums) == [b"/db/latest"]


def test_a_folder_has_databases_too(tmp_path: Path) -> None:
    folder = tmp_path / "sumdb" / NAME
    folder.mkdir(parents=True)
    (folder / "supported").touch()
    (folder / "latest").write_text("head")

    assert ask(tmp_path.as_uri(), "latest") == [b"head"]
    with pytest.raises(NotFoundError):
        ask(tmp_path.as_uri(), "lookup/example.com/a@v1.0.0")
