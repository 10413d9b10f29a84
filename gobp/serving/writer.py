"""Write lines to a file or the standard output, without anybody waiting for the disk."""

import os
import queue
import select
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from gobp.system.files import write_all

_STANDARD_OUTPUT = "-"
_MOST_WAITING = 1000  # chunks; one has at most some 64 KiB
_NO_LINES = b""


class LineWriter:
    """Takes chunks of whole lines; a thread writes them, and opens a rotated file anew.

    Where lines come faster than they can be written, chunks are dropped and counted in
    ``dropped``, so that a full disk or a reader that hangs never stops the server.
    """

    def __init__(self, target: str) -> None:
        """Open ``target``, a path or ``-``. Raises OSError."""
        self.dropped = 0
        self._path = None if target == _STANDARD_OUTPUT else Path(target)
        self._file = 1 if self._path is None else _opened(self._path)
        self._chunks: queue.Queue[bytes] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, chunk: bytes) -> None:
        """Have whole lines be written soon."""
        try:
            self._chunks.put_nowait(chunk)
        except queue.Full:
            self.dropped += 1

    def close(self, seconds: float = 5.0) -> None:
        """Write what is left, for so long."""
        self.write(_NO_LINES)
        self._thread.join(seconds)

    def _work(self) -> None:
        while chunk := self._chunks.get():
            self._reopen_if_rotated()
            try:
                _write_lines(self._file, chunk)
            except OSError:  # a full disk, or a pipe that nobody reads any more
                self.dropped += 1

    def _reopen_if_rotated(self) -> None:
        """Follow the path where the file was moved away (as logrotate does)."""
        if self._path is None:
            return
        try:
            here, there = os.fstat(self._file), self._path.stat()
            if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                return
        except FileNotFoundError:
            pass
        try:
            new = _opened(self._path)
        except OSError:  # go on with the old file
            return
        os.close(self._file)
        self._file = new


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


def _write_lines(file: int, chunk: bytes) -> None:
    """Write whole lines; to a pipe in pieces that the lines of other workers cannot come into."""
    for piece in [chunk] if stat.S_ISREG(os.fstat(file).st_mode) else _atomic_pieces(chunk):
        write_all(file, piece)


def _atomic_pieces(chunk: bytes) -> Iterator[bytes]:
    """Yield whole lines, together no more than a pipe takes at once where that is possible."""
    start = 0
    while start < len(chunk):
        end = chunk.rfind(b"\n", start, start + select.PIPE_BUF) + 1
        end = end or chunk.find(b"\n", start) + 1 or len(chunk)
        yield chunk[start:end]
        start = end
