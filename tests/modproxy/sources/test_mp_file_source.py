"""A folder as a source."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.sources.files import FileSource
from gobp.modproxy.sources.source import NotFoundError, RefusedError, UnavailableError
from tests.modproxy.sources.upstreams import MOD, MODULE, ZIP, KeptSink

INFO = b'{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}'


@pytest.fixture
def tree(tmp_path: Path) -> FileSource:
    folder = tmp_path / "example.com/!big/@v"
    folder.mkdir(parents=True)
    (folder / "list").write_text("v1.0.0\n")
    (folder / "v1.0.0.info").write_bytes(INFO)
    (folder / "v1.0.0.mod").write_text("module example.com/Big\n")
    (folder / "v1.0.0.zip").write_bytes(bytes(3_000_000))
    return FileSource(tmp_path)


def test_a_folder_gives_what_it_has(tree: FileSource) -> None:
    sink = KeptSink()
    asyncio.run(tree.fetch(ZIP, sink))

    assert asyncio.run(tree.versions(MODULE)) == ("v1.0.0",)
    assert asyncio.run(tree.info(MODULE, "v1.0.0")).content == INFO
    assert asyncio.run(tree.latest(MODULE)).version == "v1.0.0"
    assert (sink.length, len(sink.content)) == (3_000_000, 3_000_000)


@pytest.mark.parametrize("module", ["example.com/none", "example.com/Big/@v", "example.com"])
def test_what_is_not_there_is_not_found(tree: FileSource, module: str) -> None:
    with pytest.raises(NotFoundError):
        asyncio.run(tree.read(f"{module}/@v/list"))
    with pytest.raises(NotFoundError):
        asyncio.run(tree.fetch(ModuleFile("example.com/a", "v1.0.0", Kind.MOD), KeptSink()))


def test_a_folder_in_the_place_of_a_file_is_not_found(tree: FileSource, tmp_path: Path) -> None:
    (tmp_path / "example.com/!big/@v/v1.1.0.info").mkdir()

    with pytest.raises(NotFoundError):
        asyncio.run(tree.info(MODULE, "v1.1.0"))


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Have root's rights be dropped, if it is root that tests."""
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_may_not_be_read_is_refused(tree: FileSource, tmp_path: Path) -> None:
    (tmp_path / MOD.path).chmod(0)

    with as_nobody(), pytest.raises(RefusedError, match="permission denied"):
        asyncio.run(tree.fetch(MOD, KeptSink()))


def test_another_error_of_the_disk_is_trouble(tree: FileSource, tmp_path: Path) -> None:
    (tmp_path / MOD.path).unlink()
    (tmp_path / MOD.path).symlink_to(MOD.path.rpartition("/")[2])

    with pytest.raises(UnavailableError, match="symbolic links"):
        asyncio.run(tree.fetch(MOD, KeptSink()))


def test_errors_of_the_sink_are_its_own(tree: FileSource) -> None:
    class FullDisk(KeptSink):
        async def write(self, _: bytes) -> None:
            raise PermissionError

    with pytest.raises(PermissionError):
        asyncio.run(tree.fetch(ZIP, FullDisk()))


def test_a_small_file_is_bounded(tree: FileSource, tmp_path: Path) -> None:
    with (tmp_path / "example.com/!big/@v/list").open("wb") as file:
        file.truncate(20 * 1024 * 1024)

    with pytest.raises(UnavailableError, match="larger than"):
        asyncio.run(tree.versions(MODULE))
