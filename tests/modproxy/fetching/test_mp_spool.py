import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.modproxy.fetching.spool import HELD_BACK, WORTH_STREAMING, Spool
from gobp.modproxy.sources.source import RefusedError, SourceError, UnavailableError

MOST = 10_000_000


def opened(path: Path, most: int = MOST) -> Spool:
    path.write_bytes(b"")
    spool = Spool(most=most)
    spool.open(path)
    return spool


async def all_of(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 90_000), max_size=12))
def test_every_reader_gets_all_bytes_whenever_it_begins(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    parts = [bytes([number % 256]) * size for number, size in enumerate(sizes)]

    async def scenario() -> None:
        spool = opened(tmp_path_factory.mktemp("spool") / "file")
        readers = []
        for part in parts:
            readers.append(asyncio.ensure_future(all_of(spool.chunks())))
            await spool.write(part)
            await asyncio.sleep(0)
        readers.append(asyncio.ensure_future(all_of(spool.chunks())))
        spool.finish(None)
        assert set(await asyncio.gather(*readers)) == {b"".join(parts)}

    asyncio.run(scenario())


def test_the_end_is_held_back_until_the_file_is_found_right(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = opened(tmp_path / "file")
        got = bytearray()

        async def read() -> None:
            async for chunk in spool.chunks():
                got.extend(chunk)

        reader = asyncio.ensure_future(read())
        await spool.write(b"x" * 500_000)
        await asyncio.sleep(0.01)
        assert len(got) == 500_000 - HELD_BACK
        spool.finish(UnavailableError("its hash is wrong"))
        with pytest.raises(UnavailableError, match="its hash is wrong"):
            await reader
        assert len(got) == 500_000 - HELD_BACK

    asyncio.run(scenario())


def test_a_file_whose_name_is_gone_is_read_to_its_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = opened(tmp_path / "file")
        chunks = spool.chunks()
        await spool.write(b"x" * 300_000)
        (tmp_path / "file").unlink()
        spool.finish(None)
        assert b"".join([chunk async for chunk in chunks]) == b"x" * 300_000

    asyncio.run(scenario())


def test_a_file_that_nobody_wants_is_closed(tmp_path: Path) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def scenario() -> None:
        before = open_files()
        spool = opened(tmp_path / "file")
        begun, unread = spool.chunks(), spool.chunks()
        await spool.write(b"x" * 300_000)
        await anext(begun)
        failure = UnavailableError("the disk is full")
        spool.finish(failure)
        with pytest.raises(UnavailableError):
            await all_of(begun)
        del begun, unread
        assert open_files() == before

    asyncio.run(scenario())


def test_only_large_files_are_worth_streaming(tmp_path: Path) -> None:
    async def scenario() -> None:
        small, large = opened(tmp_path / "small"), opened(tmp_path / "large")
        small.expect(WORTH_STREAMING - 1)
        large.expect(WORTH_STREAMING)
        assert (small.large.done(), large.large.done()) == (False, True)

    asyncio.run(scenario())


def test_a_file_larger_than_allowed_is_refused_as_soon_as_that_is_known(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = opened(tmp_path / "file", most=10)
        with pytest.raises(RefusedError):
            spool.expect(11)
        await spool.write(b"x" * 10)
        with pytest.raises(RefusedError):
            await spool.write(b"x")

    asyncio.run(scenario())


@pytest.mark.parametrize("come", [0, 5, 11])
def test_a_file_of_another_length_than_announced_is_not_whole(tmp_path: Path, come: int) -> None:
    async def scenario() -> None:
        spool = opened(tmp_path / "file")
        spool.expect(10)
        await spool.write(b"x" * come)
        with pytest.raises(SourceError, match=f"only {come} of 10"):
            spool.check_whole()
        spool.finish(None)

    asyncio.run(scenario())


def test_a_fetch_that_goes_on_with_another_file_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        spool = opened(tmp_path / "file")
        spool.expect(10)
        await spool.write(b"x")
        spool.expect(10)
        with pytest.raises(UnavailableError, match="another length"):
            spool.expect(12)

    asyncio.run(scenario())
