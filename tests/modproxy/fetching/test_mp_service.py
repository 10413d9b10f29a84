"""Requests in, answers out, over a scripted source: lists, latest versions, modes, failures."""

import asyncio
import errno
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.fetching.changing import ChangingAnswers
from gobp.modproxy.fetching.checks import NoNotary
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.fetching.remembered import Memory, Misses
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer, Origin
from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    Query,
    Request,
    SumdbFile,
    VersionList,
)
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Fresh, Mode
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnreachableError,
)
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.serving.settings.values import Duration
from tests.modproxy.fetching.scripted import (
    MODULE,
    ScriptedSource,
    file_of,
    info_of,
    route_of,
    tree_in,
    zip_of,
)

LIST, LATEST, MAIN = VersionList(MODULE), Latest(MODULE), Query(MODULE, "main")
GO_MOD = f"module {MODULE}\n".encode()
PSEUDO = "v0.0.0-20240102030405-abcdef012345"
DOWN = UnavailableError("upstream is down")
GONE = NotFoundError("no such module", status=410)


class Rules:
    """One way for all, and versions that are hidden."""

    def __init__(self, route: Route) -> None:
        self.way = route
        self.hidden: set[str] = set()

    def route(self, module: str, version: str = "", path: str = "") -> Route | Answer:
        return self.way

    def visible(self, module: str, versions: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(version for version in versions if version not in self.hidden)

    def is_private(self, module: str) -> bool:
        return False

    def refused_lookup(self, module: str, version: str) -> Answer | None:
        return None


class NoDatabase:
    async def read(self, database: str, file: str) -> bytes:
        raise NotFoundError("no database")


class Proxy:
    """A service over a tree and a scripted source, whose clock a test moves."""

    def __init__(
        self, folder: Path, *, mode: Mode = Mode.SYNC, backing: Backing | None = None
    ) -> None:
        self.now = 1_700_000_000.0
        self.tree = tree_in(folder)
        self.source = ScriptedSource()
        self.rules = Rules(route_of(self.source, self.tree, mode=mode))
        self.backing = backing or NoBacking()
        self.fresh = Fresh(stale=Duration(600))

    async def ask(self, *requests: Request, cached_only: bool = False) -> list[Answer]:
        """Answer requests one after another, each in a new service: only the tree remembers."""
        answers = []
        for request in requests:
            service = self.service()
            answers.append(await service.answer(request, cached_only=cached_only))
            await service.drain(5)
            self._set_times()
        return answers

    def service(self) -> ModuleService:
        misses = Misses(clock=lambda: self.now)
        files = FileFetcher(
            jobs=Jobs(running=4, waiting=4),
            flights=FileFlights(self.tree.locks),
            notary=NoNotary(),
            zip_hash=zip_hash,
            backing=self.backing,
        )
        return ModuleService(
            router=self.rules,
            files=files,
            changing=ChangingAnswers(
                jobs=Jobs(running=4, waiting=4),
                memory=Memory(clock=lambda: self.now),
                misses=misses,
                files=files,
                fresh=self.fresh,
                timeout=5,
                backing=self.backing,
            ),
            misses=misses,
            databases=DatabaseFiles(self.tree, NoDatabase(), frozenset()),
            fresh=self.fresh,
            request_timeout=5,
        )

    def answers(self, *requests: Request, cached_only: bool = False) -> list[Answer]:
        return asyncio.run(self.ask(*requests, cached_only=cached_only))

    def answer(self, request: Request, *, cached_only: bool = False) -> Answer:
        return self.answers(request, cached_only=cached_only)[0]

    def store(self, *versions: str) -> None:
        """Have .info and .mod files of versions in the tree."""
        for version in versions:
            self.tree.publish_small(file_of(Kind.MOD, version), GO_MOD)
            self.tree.publish_small(file_of(Kind.INFO, version), info_of(version).content)

    def _set_times(self) -> None:
        """Give files that were just written the time of the clock."""
        for path in self.tree.root.rglob("*"):
            if path.stat().st_mtime > self.now + 1_000_000:
                os.utime(path, (self.now, self.now))


def text(answer: Answer) -> str:
    assert isinstance(answer.body, bytes), answer
    return answer.body.decode()


def version(answer: Answer) -> str:
    assert answer.status == 200, answer
    content = answer.body.read_bytes() if isinstance(answer.body, Path) else answer.body
    assert isinstance(content, bytes)
    name: str = json.loads(content)["Version"]
    return name


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    return Proxy(tmp_path)


def test_a_list_is_what_upstream_and_the_tree_know(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.2.0")
    proxy.store("v1.1.0", PSEUDO)
    answer = proxy.answer(LIST)
    assert text(answer) == "v1.0.0\nv1.1.0\nv1.2.0\n"
    assert answer.origin is Origin.FETCHED


def test_a_young_answer_is_given_without_asking(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0",)
    proxy.source.latests[MODULE] = info_of("v1.0.0")
    proxy.source.infos[MODULE, "main"] = info_of(PSEUDO)
    first = proxy.answers(LIST, LATEST, MAIN)
    proxy.now += 59
    second = proxy.answers(LIST, LATEST, MAIN)
    assert [answer.body for answer in first] == [answer.body for answer in second]
    assert proxy.source.asked == {"list": 1, "latest": 1, "info": 1}
    assert {answer.origin for answer in second} == {Origin.TREE}


def test_an_older_answer_is_given_at_once_and_renewed_meanwhile(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0",)
    proxy.answer(LIST)
    proxy.now += 100
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.1.0")
    old, new = proxy.answers(LIST, LIST)
    assert (text(old), old.origin) == ("v1.0.0\n", Origin.STALE)
    assert text(new) == "v1.0.0\nv1.1.0\n"


def test_a_very_old_answer_is_given_only_where_upstream_fails(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0",)
    proxy.answer(LIST)
    proxy.now += 10_000
    proxy.source.lists[MODULE] = DOWN
    failed = proxy.answer(LIST)
    assert (text(failed), failed.origin) == ("v1.0.0\n", Origin.STALE)
    proxy.source.lists[MODULE] = ("v1.1.0",)
    assert text(proxy.answer(LIST)) == "v1.1.0\n"


def test_a_module_that_is_gone_upstream_is_listed_as_far_as_it_is_stored(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.1.0")
    proxy.answer(LIST)
    proxy.store("v1.0.0")
    proxy.now += 10_000
    proxy.source.lists[MODULE] = GONE
    assert text(proxy.answer(LIST)) == "v1.0.0\n"


@pytest.mark.parametrize(("trouble", "status"), [(GONE, 410), (DOWN, 502)])
def test_nothing_known_is_answered_as_upstream_does(
    proxy: Proxy, trouble: Exception, status: int
) -> None:
    proxy.source.lists[MODULE] = proxy.source.latests[MODULE] = trouble
    proxy.source.infos[MODULE, "main"] = trouble
    assert [answer.status for answer in proxy.answers(LIST, LATEST, MAIN)] == [status] * 3


@pytest.mark.parametrize("trouble", [GONE, DOWN, RefusedError("not for you")])
@pytest.mark.parametrize(
    ("stored", "latest"),
    [
        (("v1.0.0", "v1.1.0", "v2.0.0+incompatible", PSEUDO), "v1.1.0"),
        (("v1.0.0-rc.1", PSEUDO), "v1.0.0-rc.1"),
        ((PSEUDO, "v0.0.0-20230102030405-abcdef012345"), PSEUDO),
    ],
)
def test_the_latest_is_computed_from_what_is_stored(
    proxy: Proxy, trouble: Exception, stored: Sequence[str], latest: str
) -> None:
    proxy.source.latests[MODULE] = proxy.source.lists[MODULE] = trouble
    proxy.store(*stored)
    answer = proxy.answer(LATEST)
    assert version(answer) == latest
    assert answer.keep == "public, max-age=60"


def test_the_latest_is_computed_from_the_list_where_upstream_tells_none(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.2.0", "v1.3.0-rc.1")
    proxy.source.infos[MODULE, "v1.2.0"] = info_of("v1.2.0")
    proxy.store("v1.0.0")
    assert version(proxy.answer(LATEST)) == "v1.2.0"


def test_a_latest_that_is_listed_but_cannot_be_had_gives_way_to_what_is_stored(
    proxy: Proxy,
) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.2.0")
    proxy.source.infos[MODULE, "v1.2.0"] = DOWN
    proxy.store("v1.0.0")
    assert version(proxy.answer(LATEST)) == "v1.0.0"


def test_what_is_hidden_is_in_no_answer(proxy: Proxy) -> None:
    proxy.rules.hidden = {"v1.2.0", PSEUDO}
    proxy.source.lists[MODULE] = ("v1.0.0", "v1.1.0", "v1.2.0")
    proxy.source.latests[MODULE] = info_of("v1.2.0")
    proxy.source.infos[MODULE, "main"] = info_of(PSEUDO)
    proxy.source.infos[MODULE, "v1.1.0"] = info_of("v1.1.0")
    listed, latest, main = proxy.answers(LIST, LATEST, MAIN)
    assert text(listed) == "v1.0.0\nv1.1.0\n"
    assert version(latest) == "v1.1.0"
    assert main.status == 404
    assert PSEUDO not in text(main)


def test_a_query_is_kept_under_the_name_of_its_version_too(proxy: Proxy) -> None:
    proxy.source.infos[MODULE, "main"] = info_of(PSEUDO)
    _, named = proxy.answers(MAIN, ModuleFile(MODULE, PSEUDO, Kind.INFO))
    assert version(named) == PSEUDO
    assert proxy.source.asked == {"info": 1}


def test_an_answer_is_given_though_it_cannot_be_remembered(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(ModuleTree):
        def replace(self, target: Path, content: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    tree = Full(proxy.tree.root, durable=False)
    proxy.rules.way = route_of(proxy.source, tree)
    proxy.source.lists[MODULE] = ("v1.0.0",)
    with caplog.at_level(logging.WARNING):
        assert text(proxy.answer(LIST)) == "v1.0.0\n"
    assert "cannot be remembered" in caplog.text


def test_nothing_is_asked_where_only_the_cache_may_answer(proxy: Proxy) -> None:
    proxy.source.lists[MODULE] = ("v1.0.0",)
    answers = proxy.answers(LIST, LATEST, MAIN, file_of(Kind.MOD), cached_only=True)
    assert [answer.status for answer in answers] == [404] * 4
    assert all("temporarily unavailable" in text(answer) for answer in answers)
    assert proxy.source.asked == {}

    proxy.store("v1.0.0")
    listed, latest, mod = proxy.answers(LIST, LATEST, file_of(Kind.MOD), cached_only=True)
    assert text(listed) == "v1.0.0\n"
    assert version(latest) == "v1.0.0"
    assert mod.status == 200


@pytest.mark.parametrize(
    ("mode", "status", "fetched"),
    [(Mode.ASYNC, 404, True), (Mode.REDIRECT, 302, True), (Mode.NONE, 302, False)],
)
def test_modes_send_the_client_on_and_some_fetch_meanwhile(
    tmp_path: Path, mode: Mode, status: int, *, fetched: bool
) -> None:
    proxy = Proxy(tmp_path, mode=mode)
    proxy.source.files[file_of(Kind.ZIP).path] = zip_of()
    first, second = proxy.answers(file_of(Kind.ZIP), file_of(Kind.ZIP))
    assert first.status == status
    if status == 302:
        target = f"https://up.example/{file_of(Kind.ZIP).path}"
        assert first.headers == (("location", target),)
    assert second.status == (200 if fetched else status)


def test_what_is_missing_is_not_asked_for_again_in_any_mode(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, mode=Mode.ASYNC)

    async def scenario() -> None:
        service = proxy.service()
        for _ in range(3):
            answer = await service.answer(file_of(Kind.MOD))
            assert answer.status == 404
            await service.drain(5)
        assert proxy.source.asked == {"file": 1}
        proxy.now += 601
        await service.answer(file_of(Kind.MOD))
        await service.drain(5)
        assert proxy.source.asked == {"file": 2}

    asyncio.run(scenario())


def test_a_missing_module_is_not_asked_for_again_for_a_minute(proxy: Proxy) -> None:
    async def scenario() -> None:
        service = proxy.service()
        for _ in range(3):
            assert (await service.answer(LIST)).status == 404
        assert proxy.source.asked == {"list": 1}
        proxy.now += 61
        await service.answer(LIST)
        assert proxy.source.asked == {"list": 2}

    asyncio.run(scenario())


class Elsewhere(NoBacking):
    """Storage in which other nodes have stored versions, or which is down."""

    def __init__(self, versions: tuple[str, ...] | UnavailableError) -> None:
        self.known = versions

    async def versions(self, *_: object) -> tuple[str, ...]:
        if isinstance(self.known, UnavailableError):
            raise self.known
        return self.known


def test_versions_that_other_nodes_have_are_listed(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, backing=Elsewhere(("v1.1.0",)))
    proxy.source.lists[MODULE] = ("v1.0.0",)
    assert text(proxy.answer(LIST)) == "v1.0.0\nv1.1.0\n"


def test_versions_that_other_nodes_have_are_listed_without_upstream(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path, backing=Elsewhere(("v1.1.0",)))
    proxy.source.lists[MODULE] = GONE
    assert text(proxy.answer(LIST)) == "v1.1.0\n"


def test_a_list_is_not_missing_because_the_storage_is_down(tmp_path: Path) -> None:
    trouble = UnavailableError("the storage is down", status=503)
    proxy = Proxy(tmp_path, backing=Elsewhere(trouble))
    proxy.source.lists[MODULE] = GONE
    assert proxy.answer(LIST).status == 503
    proxy.source.lists[MODULE] = ("v1.0.0",)
    assert text(proxy.answer(LIST)) == "v1.0.0\n"


def test_a_database_that_is_not_proxied_is_not_found(proxy: Proxy) -> None:
    assert proxy.answer(SumdbFile("sum.example", "supported")).status == 404


UNREACHED = UnreachableError("nobody answers")


@pytest.mark.parametrize(
    ("below", "status"), [(f"{MODULE}/cmd/tool", 404), ("example.com/other/cmd", 502)]
)
def test_without_upstream_a_path_below_a_stored_module_is_none(
    tmp_path: Path, below: str, status: int
) -> None:
    proxy = Proxy(tmp_path)
    proxy.store("v1.0.0")
    proxy.source.lists[below] = UNREACHED
    proxy.source.infos[below, "v1.0.0"] = UNREACHED
    proxy.source.latests[below] = UNREACHED

    answers = asyncio.run(
        proxy.ask(VersionList(below), Latest(below), ModuleFile(below, "v1.0.0", Kind.INFO))
    )

    assert [answer.status for answer in answers] == [status] * 3


def test_a_zip_that_cannot_be_fetched_is_never_said_to_be_none(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path)
    proxy.store("v1.0.0")
    zip_below = ModuleFile(f"{MODULE}/nested", "v1.0.0", Kind.ZIP)
    proxy.source.files[zip_below.path] = UNREACHED

    (answer,) = asyncio.run(proxy.ask(zip_below))

    assert answer.status == 502


def test_trouble_other_than_silence_is_no_answer_about_a_path(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path)
    proxy.store("v1.0.0")
    below = f"{MODULE}/cmd/tool"
    proxy.source.lists[below] = DOWN

    (answer,) = asyncio.run(proxy.ask(VersionList(below)))

    assert answer.status == 502
