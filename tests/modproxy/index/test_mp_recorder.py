"""The thread that writes the index for a worker."""

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from gobp.modproxy.index import recorder as recorder_module
from gobp.modproxy.index.database import Row
from gobp.modproxy.index.index import IndexUnavailableError, Published, Use
from gobp.modproxy.index.recorder import Recorder
from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.index.sqlite import SqliteDatabase
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.index.module_files import put

FILE = ModuleFile("example.com/m", "v1.0.0", Kind.ZIP)


class FailingIndex(SqlIndex):
    """An index in a file that fails on demand, or waits."""

    def __init__(self, root: Path) -> None:
        super().__init__(SqliteDatabase(root / "index.db"), Trees.below(root))
        self.failing = False
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def published(self, files: Iterable[Published]) -> None:
        self._wait()
        super().published(files)

    def used(self, uses: Sequence[Use]) -> None:
        self._wait()
        super().used(uses)

    def _wait(self) -> None:
        self.may_go_on.wait()
        if self.failing:
            raise IndexUnavailableError("out of order")


@pytest.fixture
def index(root: Path) -> FailingIndex:
    root.mkdir()
    return FailingIndex(root)


def state(index: SqlIndex) -> list[Row]:
    return [(known.version, known.uses, known.h1) for known in index.module("example.com/m")]


def use(recorder: Recorder, who: str = "ann") -> None:
    recorder.used("example.com/m", "v1.0.0", who, Origin.TREE)


def test_what_happened_is_in_the_index_when_it_has_stopped(index: FailingIndex) -> None:
    recorder = Recorder(index, clock=lambda: 1234.5)
    recorder.start()
    recorder.published(FILE, 42, private=True, h1="h1:x=")
    use(recorder)
    use(recorder)
    recorder.stop()
    (known,) = index.module("example.com/m")
    assert (known.published, known.last_used, known.uses) == (1234.5, 1234.5, 2)
    assert (known.private, known.sizes, known.h1) == (True, {Kind.ZIP: 42}, "h1:x=")


def test_it_is_written_without_waiting_for_the_end(index: FailingIndex) -> None:
    recorder = Recorder(index, seconds=0.01)
    recorder.start()
    time.sleep(0.05)
    recorder.published(FILE, 42, private=False)
    end = time.monotonic() + 10
    while not state(index) and time.monotonic() < end:
        time.sleep(0.01)
    recorder.stop()
    assert state(index) == [("v1.0.0", 0, "")]


def test_the_index_is_made_from_the_trees_at_the_start(index: FailingIndex, root: Path) -> None:
    put(Trees.below(root).public, "example.com/m/@v/v1.0.0.mod")
    recorder = Recorder(index)
    recorder.start()
    recorder.stop()
    assert state(index) == [("v1.0.0", 0, "")]


def test_nobody_waits_while_the_index_is_written(index: FailingIndex) -> None:
    index.may_go_on.clear()
    recorder = Recorder(index, seconds=0.001)
    recorder.start()
    recorder.published(FILE, 42, private=False)
    time.sleep(0.05)  # the thread is waiting for the index now
    began = time.monotonic()
    for number in range(5000):
        use(recorder, str(number % 7))
    assert time.monotonic() - began < 1
    index.may_go_on.set()
    recorder.stop()
    assert state(index) == [("v1.0.0", 5000, "")]


def test_what_cannot_be_written_is_written_later(
    index: FailingIndex, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(index)
    index.failing = True
    for _ in range(3):
        recorder.published(FILE, 42, private=False)
        use(recorder)
        recorder.flush()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    index.failing = False
    recorder.flush()
    assert state(index) == [("v1.0.0", 3, "")]
    assert recorder.dropped == 0


def test_uses_are_dropped_when_there_are_too_many_but_files_never(
    index: FailingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_MOST_USES", 3)
    recorder = Recorder(index)
    for number in range(5):
        recorder.published(
            ModuleFile("example.com/m", f"v1.{number}.0", Kind.MOD), 1, private=False
        )
        use(recorder, f"user{number}")
        use(recorder, "user0")
    assert recorder.dropped == 2
    recorder.flush()
    assert len(index.module("example.com/m")) == 5
    assert index.totals().answers[Origin.TREE] == 8


@pytest.mark.parametrize("who", ["nul\0", "\ud800", "x" * 5000])
def test_a_name_that_no_database_takes_stops_nothing(index: FailingIndex, who: str) -> None:
    recorder = Recorder(index)
    recorder.published(FILE, 42, private=False)
    use(recorder, who)
    recorder.flush()
    (asker,) = index.module("example.com/m")[0].askers
    assert len(asker.who) <= 100
    assert asker.who.isprintable()
