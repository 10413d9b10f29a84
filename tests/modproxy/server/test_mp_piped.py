import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.modproxy.server.piped import Pipe

BODY = [os.urandom(100_000) for _ in range(20)]
Read = Callable[[Path], None]


async def send(read: Read, *, left_after: float = 60) -> None:
    """Write the body to a pipe that a thread opens by its path."""
    left = asyncio.ensure_future(asyncio.sleep(left_after))
    pipe = Pipe(left)
    reader = threading.Thread(target=read, args=(pipe.path,))
    reader.start()
    try:
        for chunk in BODY:
            await pipe.write(chunk)
    finally:
        pipe.close()
        left.cancel()
        await asyncio.to_thread(reader.join)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("pause", [0.0, 0.002])
def test_a_reader_gets_all_bytes_however_slow_it_is(pause: float) -> None:
    got = hashlib.sha256()

    def read(path: Path) -> None:
        time.sleep(pause * 20)
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(65536):
                got.update(chunk)
                time.sleep(pause)

    before = open_files()
    asyncio.run(send(read))
    assert got.digest() == hashlib.sha256(b"".join(BODY)).digest()
    assert open_files() == before


def test_a_reader_that_is_faster_than_the_writer_gets_all_bytes() -> None:
    got = []

    def read(path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(65536):
                got.append(chunk)

    async def scenario() -> None:
        pipe = Pipe(asyncio.ensure_future(asyncio.sleep(60)))
        reader = threading.Thread(target=read, args=(pipe.path,))
        reader.start()
        await asyncio.sleep(0.05)  # it is open already, and waits
        for _ in range(20):
            await asyncio.wait_for(pipe.write(b"x"), 5)
        pipe.close()
        await asyncio.to_thread(reader.join)

    asyncio.run(scenario())
    assert b"".join(got) == b"x" * 20


def test_a_reader_that_leaves_ends_the_writing() -> None:
    def read(path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            file.read(1000)

    before = open_files()
    with pytest.raises(BrokenPipeError):
        asyncio.run(send(read))
    assert open_files() == before


def test_a_reader_that_never_begins_is_waited_for_until_its_client_has_left() -> None:
    before = open_files()
    with pytest.raises(BrokenPipeError):
        asyncio.run(send(lambda _: None, left_after=0.05))
    assert open_files() == before


def test_a_body_that_breaks_off_ends_early_for_its_reader() -> None:
    got = bytearray()

    def read(path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(65536):
                got.extend(chunk)

    async def scenario() -> None:
        pipe = Pipe(asyncio.ensure_future(asyncio.sleep(60)))
        reader = threading.Thread(target=read, args=(pipe.path,))
        reader.start()
        await pipe.write(BODY[0])
        pipe.close()
        await asyncio.to_thread(reader.join)

    asyncio.run(scenario())
    assert bytes(got) == BODY[0]
