import asyncio
import errno
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gobp.golang.dirhash import go_mod_hash
from gobp.modproxy.fetching.backing import Backing, NoBacking
from gobp.modproxy.fetching.checks import NoNotary, Notary
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.protocol.answers import Streamed
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.routing import Route
from gobp.modproxy.sources.source import NotFoundError, SourceError, UnavailableError
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.fetching.scripted import (
    MODULE,
    ScriptedSource,
    file_of,
    info_of,
    route_of,
    tree_in,
    zip_of,
)

ZIP, MOD, INFO = (file_of(kind) for kind in (Kind.ZIP, Kind.MOD, Kind.INFO))
Act = Callable[[FileFetcher, Route], Awaitable[None]]
GO_MOD = f"module {MODULE}\n".encode()
LARGE = zip_of(data=b"x" * 3_000_000)


def fetcher(
    tree: ModuleTree,
    *,
    notary: Notary | None = None,
    backing: Backing | None = None,
    heard: list[tuple[ModuleFile, int]] | None = None,
) -> FileFetcher:
    told = [] if heard is None else heard
    return FileFetcher(
        jobs=Jobs(running=8, waiting=8),
        flights=FileFlights(tree.locks),
        notary=notary or NoNotary(),
        zip_hash=zip_hash,
        backing=backing,
        on_published=lambda file, size, _: told.append((file, size)),
    )


def source_of_all(*, large: bool = False) -> ScriptedSource:
    source = ScriptedSource()
    source.files[ZIP.path] = LARGE if large else zip_of()
    source.files[MOD.path] = GO_MOD
    source.infos[MODULE, "v1.0.0"] = info_of("v1.0.0")
    return source


def temporaries(tree: ModuleTree) -> list[Path]:
    return list((tree.root / ".gobp/tmp").iterdir())


def test_each_file_is_fetched_alone_and_told_of(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all()
    heard: list[tuple[ModuleFile, int]] = []

    async def scenario() -> None:
        files = fetcher(tree, heard=heard)
        path = await files.get(MOD, route_of(source, tree), 5)
        assert isinstance(path, Path)
        assert path.read_bytes() == GO_MOD
        assert source.asked == {"file": 1}
        await files.get(INFO, route_of(source, tree), 5)
        await files.get(ZIP, route_of(source, tree), 5)

    asyncio.run(scenario())
    assert [file for file, _ in heard] == [MOD, INFO, ZIP]
    assert heard[0][1] == len(GO_MOD)
    assert tree.pinned_hash(MODULE, "v1.0.0") == zip_hash(tree.path_of(ZIP), ZIP)
    assert temporaries(tree) == []


def test_sixteen_readers_of_a_large_zip_are_one_fetch_and_all_are_streamed(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all(large=True)

    async def read(files: FileFetcher) -> bytes:
        body = await files.get(ZIP, route_of(source, tree), 5)
        assert isinstance(body, Streamed)
        assert body.length == len(LARGE)
        return b"".join([chunk async for chunk in body.chunks])

    async def scenario() -> None:
        files = fetcher(tree)
        bodies = await asyncio.gather(*(read(files) for _ in range(16)))
        assert set(bodies) == {LARGE}

    asyncio.run(scenario())
    assert source.asked == {"file": 1}
    assert tree.path_of(ZIP).read_bytes() == LARGE


def test_only_so_many_are_streamed_to_and_the_others_are_given_the_whole(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all(large=True)

    async def read(files: FileFetcher) -> str:
        body = await files.get(ZIP, route_of(source, tree), 5)
        if isinstance(body, Path):
            return "whole" if body.read_bytes() == LARGE else "wrong"
        chunks = [chunk async for chunk in body.chunks]
        return "streamed" if b"".join(chunks) == LARGE else "wrong"

    async def scenario() -> None:
        files = fetcher(tree)
        files._streams = 62
        outcomes = [asyncio.ensure_future(read(files)) for _ in range(2)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert files._streams == 64
        outcomes += [asyncio.ensure_future(read(files)) for _ in range(3)]
        assert await asyncio.gather(*outcomes) == ["streamed"] * 2 + ["whole"] * 3
        assert files._streams == 62

    asyncio.run(scenario())
    assert source.asked == {"file": 1}


def test_a_reader_that_begins_after_the_end_reads_all_the_same(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all(large=True)

    async def scenario() -> None:
        files = fetcher(tree)
        body = await files.get(ZIP, route_of(source, tree), 5)
        assert isinstance(body, Streamed)
        await files.drain(5)
        assert b"".join([chunk async for chunk in body.chunks]) == LARGE

    asyncio.run(scenario())


def test_a_large_zip_that_breaks_a_rule_breaks_off_for_its_reader(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all()
    source.files[ZIP.path] = zip_of(version="v9.9.9", data=b"x" * 3_000_000)

    async def scenario() -> None:
        files = fetcher(tree)
        body = await files.get(ZIP, route_of(source, tree), 5)
        assert isinstance(body, Streamed)
        with pytest.raises(UnavailableError, match="is not served"):
            [chunk async for chunk in body.chunks]

    asyncio.run(scenario())
    assert tree.find(ZIP) is None
    assert temporaries(tree) == []


class Contradicting(NoNotary):
    async def check(self, *_: object) -> bool:
        raise UnavailableError("the checksum database says otherwise")


@pytest.mark.parametrize("file", [ZIP, MOD])
def test_what_the_notary_contradicts_is_not_published(tmp_path: Path, file: ModuleFile) -> None:
    tree = tree_in(tmp_path)
    files_and_routes(tree, Contradicting(), file, "says otherwise")
    assert tree.find(file) is None
    assert tree.pinned_hash(MODULE, "v1.0.0", file.kind) == ""


def files_and_routes(tree: ModuleTree, notary: Notary, file: ModuleFile, expected: str) -> None:
    async def scenario() -> None:
        with pytest.raises(UnavailableError, match=expected):
            await fetcher(tree, notary=notary).get(file, route_of(source_of_all(), tree), 5)

    asyncio.run(scenario())


@pytest.mark.parametrize("file", [ZIP, MOD])
def test_a_version_that_differs_from_what_was_first_seen_is_not_published(
    tmp_path: Path, file: ModuleFile
) -> None:
    tree, source = tree_in(tmp_path), source_of_all()

    async def scenario() -> None:
        files = fetcher(tree)
        route = route_of(source, tree, notarised=False)
        await files.get(file, route, 5)
        tree.path_of(file).unlink()
        source.files = {ZIP.path: zip_of(data=b"other"), MOD.path: GO_MOD + b"// other\n"}
        with pytest.raises(UnavailableError, match="has changed") as refused:
            await files.get(file, route, 5)
        assert refused.value.status == 502

    asyncio.run(scenario())
    assert tree.find(file) is None


def test_an_info_of_another_version_is_refused(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), ScriptedSource()
    source.infos[MODULE, "v1.0.0"] = info_of("v1.0.1")
    with pytest.raises(UnavailableError, match=r"answered with v1\.0\.1"):
        asyncio.run(fetcher(tree).get(INFO, route_of(source, tree), 5))


def test_a_source_that_ends_early_without_a_word_is_noticed(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all()
    source.announced = len(GO_MOD) + 1
    with pytest.raises(UnavailableError, match="bytes have come"):
        asyncio.run(fetcher(tree).get(MOD, route_of(source, tree), 5))


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(errno.ENOSPC, 507, "its disk is full"), (errno.EIO, 503, "its disk gives trouble")],
)
def test_trouble_with_the_disk_is_told_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, number: int, status: int, said: str
) -> None:
    class Full(ModuleTree):
        def publish(self, temporary: Path, target: Path) -> bool:
            raise OSError(number, os.strerror(number))

    tree = Full(tmp_path, durable=False)
    tree.prepare()
    with caplog.at_level(logging.ERROR), pytest.raises(UnavailableError, match=said) as told:
        asyncio.run(fetcher(tree).get(MOD, route_of(source_of_all(), tree), 5))
    assert told.value.status == status
    assert os.strerror(number) in caplog.text
    assert temporaries(tree) == []


def test_a_fetch_that_is_stopped_leaves_nothing_and_ends_its_readers(tmp_path: Path) -> None:
    tree, source = tree_in(tmp_path), source_of_all(large=True)
    checking = threading.Event()

    def never(path: Path, file: ModuleFile) -> str:
        checking.wait(10)
        return zip_hash(path, file)

    async def scenario() -> None:
        files = fetcher(tree)
        files._zip_hash = never
        body = await files.get(ZIP, route_of(source, tree), 5)
        assert isinstance(body, Streamed)
        drained = asyncio.ensure_future(files.drain(0.05))
        with pytest.raises(UnavailableError, match="given up"):
            [chunk async for chunk in body.chunks]
        checking.set()
        await drained

    asyncio.run(scenario())
    assert tree.find(ZIP) is None
    assert temporaries(tree) == []


class Remote(NoBacking):
    """Storage with files, or with trouble; it tells in which order it is used."""

    def __init__(self, files: dict[ModuleFile, bytes] | SourceError) -> None:
        self.files = files
        self.used: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, *wanted: object) -> bool:
        file, tree = wanted
        assert isinstance(file, ModuleFile)
        assert isinstance(tree, ModuleTree)
        if isinstance(self.files, SourceError):
            raise self.files
        if file in self.files:
            tree.publish_small(file, self.files[file])
        return file in self.files

    def expect(self, *wanted: object) -> None:
        file, tree = wanted
        assert isinstance(file, ModuleFile)
        assert isinstance(tree, ModuleTree)
        self.used.append(f"expect {file.kind} there={tree.find(file) is not None}")

    async def store(self, *wanted: object) -> None:
        file = wanted[0]
        assert isinstance(file, ModuleFile)
        await self.gate.wait()
        self.used.append(f"store {file.kind}")


def with_backing(tmp_path: Path, remote: Remote, act: Act) -> ScriptedSource:
    tree, source = tree_in(tmp_path), source_of_all()

    async def scenario() -> None:
        await act(fetcher(tree, backing=remote), route_of(source, tree))

    asyncio.run(scenario())
    return source


def test_a_file_is_expected_by_the_storage_before_it_is_published(tmp_path: Path) -> None:
    async def act(files: FileFetcher, route: Route) -> None:
        await files.get(MOD, route, 5)
        await files.drain(5)

    remote = Remote({})
    with_backing(tmp_path, remote, act)
    assert remote.used == ["expect mod there=False", "store mod"]


def test_what_the_storage_has_is_not_fetched(tmp_path: Path) -> None:
    async def act(files: FileFetcher, route: Route) -> None:
        await files.get(MOD, route, 5)

    source = with_backing(tmp_path, Remote({MOD: GO_MOD}), act)
    assert source.asked == {}


def test_a_storage_in_trouble_is_gone_around_but_its_files_are_not_missing(tmp_path: Path) -> None:
    trouble = UnavailableError("the storage cannot be reached", status=503)

    async def act(files: FileFetcher, route: Route) -> None:
        await files.get(MOD, route, 5)
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await files.get(file_of(Kind.MOD, "v7.0.0"), route, 5)

    with_backing(tmp_path, Remote(trouble), act)


def test_the_key_is_held_until_the_file_is_stored_but_nobody_on_this_machine_waits(
    tmp_path: Path,
) -> None:
    async def act(files: FileFetcher, route: Route) -> None:
        remote.gate.clear()
        await files.get(MOD, route, 5)
        flights = files._flights
        held = asyncio.ensure_future(_hold(flights, MOD.path))
        await asyncio.sleep(0.05)
        assert not held.done()
        await asyncio.wait_for(files.get(MOD, route, 5), 1)
        remote.gate.set()
        await asyncio.wait_for(held, 2)

    remote = Remote({})
    with_backing(tmp_path, remote, act)


async def _hold(flights: object, key: str) -> None:
    assert isinstance(flights, FileFlights)
    async with flights.hold(key, unless=lambda: False):
        pass


def test_only_the_storage_is_asked_where_nothing_may_be_fetched(tmp_path: Path) -> None:
    async def act(files: FileFetcher, route: Route) -> None:
        path = await files.load(MOD, route, 5)
        assert path.read_bytes() == GO_MOD
        with pytest.raises(NotFoundError, match="temporarily unavailable"):
            await files.load(ZIP, route, 5)

    source = with_backing(tmp_path, Remote({MOD: GO_MOD}), act)
    assert source.asked == {}


def test_a_hash_is_that_of_the_go_mod_file_alone() -> None:
    assert go_mod_hash(b"") == "h1:" + "G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="
