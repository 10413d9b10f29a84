"""Several real processes at one index."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gobp.modproxy.index.sql_index import SqlIndex
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.index import index_writer
from tests.modproxy.index.module_files import everybody, put

pytestmark = pytest.mark.slow

_REPOSITORY = Path(__file__).parents[3]


def start(settings: Settings, root: Path, name: str, count: int) -> "subprocess.Popen[bytes]":
    conninfo = settings.cluster.postgresql
    program = [sys.executable, index_writer.__file__, conninfo, str(root), name, str(count)]
    return subprocess.Popen(program, env={"PYTHONPATH": str(_REPOSITORY)})


def test_workers_that_write_at_the_same_time_lose_nothing(
    index: SqlIndex, settings: Settings, root: Path
) -> None:
    workers = [start(settings, root, name, 25) for name in ("a", "b", "c", "d")]
    assert [worker.wait(60) for worker in workers] == [0] * 4

    entries = index.feed(0, 1000, everybody)
    assert len({(entry.module, entry.version) for entry in entries}) == len(entries) == 5 * 25
    assert all(one.listed < next_one.listed for one, next_one in itertools.pairwise(entries))
    assert all(one.number < next_one.number for one, next_one in itertools.pairwise(entries))
    for known in index.module("example.com/all"):
        assert (known.uses, {asker.who for asker in known.askers}) == (8, set("abcd"))
    assert index.totals().answers[Origin.TREE] == 4 * 25 * 2


def test_a_reader_of_the_feed_misses_nothing_while_it_is_written(
    index: SqlIndex, settings: Settings, root: Path
) -> None:
    workers = [start(settings, root, name, 20) for name in ("a", "b")]
    read: list[tuple[str, str]] = []
    since = 0
    while True:
        ended = all(worker.poll() is not None for worker in workers)
        entries = index.feed(since, 7, everybody)
        read += [(entry.module, entry.version) for entry in entries]
        if ended and not entries:
            break
        since = entries[-1].listed + 1 if entries else since
    assert len(read) == len(set(read)) == 3 * 20


def test_a_rebuild_that_is_killed_leaves_the_index_whole(
    index: SqlIndex, settings: Settings, root: Path
) -> None:
    tree = Trees.below(root).public
    for number in range(150):
        put(tree, f"example.com/m{number}/@v/v1.0.0.mod", when=number)
    index.prepare()
    before = list(index.versions())
    for number in range(3):
        worker = start(settings, root, "rebuilding", 0)
        time.sleep(0.7 + number * 0.113)
        worker.kill()
        worker.wait()
        assert list(index.versions()) == before
