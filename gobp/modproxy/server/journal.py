"""What was answered, digested in small portions: log lines, figures, and who used what."""

import asyncio
from collections.abc import Callable, Sequence

from gobp.modproxy.log.records import Clock, Record
from gobp.modproxy.server.figures import Figures, FiguresFolder
from gobp.serving.writer import LineWriter

Line = Callable[[Record, Clock], str]
Watcher = Callable[[Sequence[Record]], None]
_PORTION = 32  # records digested at once: a tenth of a millisecond
_CHUNK = 32 * 1024  # characters of lines written at once
_PAUSE = 0.25  # seconds, after which all is digested and written
_PAUSES_PER_WRITE = 4


class Journal:
    """Takes a record of each request; costs the request next to nothing.

    ``line`` is how records are written, ``writer`` where to, None for no request log;
    ``watchers`` are given the records too.
    """

    def __init__(
        self,
        figures: Figures,
        folder: FiguresFolder,
        *,
        line: Line,
        writer: LineWriter | None,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._figures = figures
        self._folder = folder
        self._line = line
        self._writer = writer
        self._watchers = watchers
        self._clock = Clock()
        self._records: list[Record] = []
        self._lines: list[str] = []
        self._size = 0

    def add(self, record: Record) -> None:
        """Note a request that was answered."""
        self._records.append(record)
        if len(self._records) >= _PORTION:
            self._digest()

    async def run(self, now: Callable[[], dict[str, float]]) -> None:
        """Digest and write what comes, until it is cancelled; ``now`` tells of this moment."""
        pauses = 0
        while True:
            await asyncio.sleep(_PAUSE)
            self.flush()
            pauses += 1
            if pauses % _PAUSES_PER_WRITE == 0:
                self._clock.adjust()
                self.write_figures(now())

    def flush(self) -> None:
        """Digest and write all."""
        self._digest()
        self._write_lines()

    def write_figures(self, now: dict[str, float]) -> None:
        """Let others read this worker's figures; a full disk is no reason to stop."""
        self._figures.now = now
        if self._writer is not None:
            self._figures.dropped_log_chunks = self._writer.dropped
        try:
            self._folder.write(self._figures)
        except OSError:
            return

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        self.write_figures({})
        if self._writer is not None:
            self._writer.close()

    def _digest(self) -> None:
        records, self._records = self._records, []
        if not records:
            return
        self._figures.count(records)
        for watcher in self._watchers:
            watcher(records)
        if self._writer is not None:
            lines = "".join([self._line(record, self._clock) for record in records])
            self._lines.append(lines)
            self._size += len(lines)
            if self._size >= _CHUNK:
                self._write_lines()

    def _write_lines(self) -> None:
        if self._lines and self._writer is not None:
            self._writer.write("".join(self._lines).encode("utf-8", "replace"))
            self._lines, self._size = [], 0
