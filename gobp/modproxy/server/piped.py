"""A body that comes bit by bit, handed to granian as a file, which is the end of a pipe.

What is sent to granian's own streams waits in its memory for slow clients, however much it is
(src/rsgi/io.rs of granian 2.8); a file is read only as fast as its client reads.
"""

import asyncio
import fcntl
import os
import termios
from pathlib import Path

_PIPE_BYTES = 256 * 1024
_PAUSE = 0.002


class Pipe:
    """A pipe whose reading end is opened by its path, unless ``left`` is done before.

    The path must not be opened once the pipe is closed: it may be another file's then.
    """

    def __init__(self, left: "asyncio.Future[None]") -> None:
        self._left = left
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.path = Path(f"/proc/self/fd/{self._reader}")

    async def write(self, data: bytes) -> None:
        """Write all; waits while the reader is slow. Raises BrokenPipeError when it has left."""
        left = memoryview(data)
        while left:
            try:
                written = os.write(self._writer, left)
            except BlockingIOError:
                await self._writable()
                continue
            left = left[written:]
            if self._reader >= 0:
                await self._opened(written)

    def close(self) -> None:
        """End what the reader gets."""
        self._close_reader()
        os.close(self._writer)

    async def _opened(self, written: int) -> None:
        """Wait until the reader has begun, and leave the reading end to it alone.

        ``written`` is how many bytes there are to be read: fewer are left once it has begun.
        """
        while _waiting(self._reader) == written:  # nothing else tells of it
            if self._left.done():
                raise BrokenPipeError
            await asyncio.sleep(_PAUSE)
        self._close_reader()

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._writer, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self._writer)

    def _close_reader(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1


def _waiting(reader: int) -> int:
    """Return how many bytes are in the pipe."""
    return int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), "little")
