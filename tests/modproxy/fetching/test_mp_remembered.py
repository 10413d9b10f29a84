import os
from pathlib import Path

import pytest

from gobp.modproxy.fetching.remembered import Memory, Misses
from gobp.modproxy.protocol.requests import Latest, Query, VersionList
from gobp.modproxy.sources.source import NotFoundError
from tests.modproxy.fetching.scripted import MODULE, tree_in

REQUESTS: list[VersionList | Latest | Query] = [
    VersionList(MODULE),
    Latest(MODULE),
    Query(MODULE, "main"),
    Query(MODULE, "v1.2"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_an_answer_is_remembered_with_its_age(
    tmp_path: Path, request_: VersionList | Latest | Query
) -> None:
    now = [1000.0]
    tree, memory = tree_in(tmp_path), Memory(clock=lambda: now[0])
    assert memory.recall(tree, request_) is None

    memory.keep(tree, request_, b"answer")
    for path in tmp_path.rglob("*"):
        os.utime(path, (1000, 1000))
    now[0] += 30

    remembered = Memory(clock=lambda: now[0]).recall(tree, request_)
    assert remembered is not None
    assert (remembered.content, remembered.age) == (b"answer", 30)
    others = [other for other in REQUESTS if other != request_]
    assert [memory.recall(tree, other) for other in others] == [None] * 3


def test_a_miss_is_remembered_for_a_while() -> None:
    now = [0.0]
    misses, error = Misses(clock=lambda: now[0]), NotFoundError("there is none")
    misses.check("key")
    misses.keep("key", error, 60)
    misses.check("another")
    now[0] = 59
    with pytest.raises(NotFoundError, match="there is none"):
        misses.check("key")
    now[0] = 60
    misses.check("key")


def test_misses_are_forgotten_once_something_is_published() -> None:
    misses = Misses()
    misses.keep("key", NotFoundError("there is none"), 60)
    misses.forget()
    misses.check("key")


def test_misses_do_not_fill_the_memory() -> None:
    misses = Misses()
    for number in range(50_000):
        misses.keep(number, NotFoundError("there is none"), 60)
    assert len(misses._until) <= 20_000
