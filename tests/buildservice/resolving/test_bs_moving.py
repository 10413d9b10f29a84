"""What is remembered of refs, and for how long."""

import threading
import time

import msgspec
import pytest

from gobp.buildservice.builds.order import ModuleSource, Order, Pin, Target
from gobp.buildservice.resolving.moving import Remembered
from gobp.buildservice.resolving.resolver import NotResolvedError


class Counting:
    """A resolver that counts, and answers with its count; ``error`` makes it fail."""

    def __init__(self, error: NotResolvedError | None = None, pause: float = 0.0) -> None:
        self.asked = 0
        self.error = error
        self._pause = pause

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        time.sleep(self._pause)
        self.asked += 1
        if self.error is not None:
            raise self.error
        moving, h1 = order.ref == "latest", "" if order.ref == "tag" else "h1:x"
        return order, Pin(version=f"v0.0.{self.asked}", moving=moving, h1=h1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def order(ref: str) -> Order:
    return Order(source=ModuleSource("example.com/m"), ref=ref, target=Target("linux", "amd64"))


def test_a_moving_ref_is_believed_for_a_moment() -> None:
    inner, clock = Counting(), Clock()
    resolver = Remembered(inner, 60, clock=clock)
    first = resolver.resolve(order("latest"))
    clock.now += 59
    assert resolver.resolve(order("latest")) == first
    clock.now += 2
    assert resolver.resolve(order("latest"))[1].version == "v0.0.2"


def test_a_pinned_ref_is_believed_longer() -> None:
    inner, clock = Counting(), Clock()
    resolver = Remembered(inner, 60, clock=clock)
    resolver.resolve(order("v1.0.0"))
    clock.now += 3000
    resolver.resolve(order("v1.0.0"))
    assert inner.asked == 1


def test_a_tag_that_is_moved_is_seen_after_a_moment() -> None:
    inner, clock = Counting(), Clock()
    resolver = Remembered(inner, 60, clock=clock)
    resolver.resolve(order("tag"))
    clock.now += 61
    assert resolver.resolve(order("tag"))[1].version == "v0.0.2"


def test_a_pinned_ref_is_believed_while_its_server_is_away() -> None:
    inner, clock = Counting(), Clock()
    resolver = Remembered(inner, 60, clock=clock)
    for ref in ("tag", "latest"):
        resolver.resolve(order(ref))
    inner.error = NotResolvedError(502, "down")
    clock.now += 9000
    assert resolver.resolve(order("tag"))[1].version == "v0.0.1"
    with pytest.raises(NotResolvedError, match="down"):
        resolver.resolve(order("latest"))
    inner.error = NotResolvedError(404, "gone")
    clock.now += 61
    with pytest.raises(NotResolvedError, match="gone"):
        resolver.resolve(order("tag"))


def test_what_is_missing_is_asked_for_again_soon() -> None:
    inner, clock = Counting(NotResolvedError(404, "gone")), Clock()
    resolver = Remembered(inner, 60, clock=clock)
    for _ in range(2):
        with pytest.raises(NotResolvedError, match="gone"):
            resolver.resolve(order("v1.0.0"))
    assert inner.asked == 1
    inner.error = None
    clock.now += 6
    assert resolver.resolve(order("v1.0.0"))[1].version == "v0.0.2"


def test_trouble_is_not_remembered() -> None:
    inner = Counting(NotResolvedError(502, "down"))
    resolver = Remembered(inner, 60, clock=Clock())
    for _ in range(2):
        with pytest.raises(NotResolvedError, match="down"):
            resolver.resolve(order("v1.0.0"))
    assert inner.asked == 2


def at_once(resolver: Remembered, asked: Order) -> list[NotResolvedError]:
    """Ask from sixteen threads; return what was refused."""
    refused: list[NotResolvedError] = []

    def ask() -> None:
        try:
            resolver.resolve(asked)
        except NotResolvedError as error:
            refused.append(error)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_many_who_ask_for_the_same_at_once_ask_once() -> None:
    inner = Counting(pause=0.1)
    assert at_once(Remembered(inner, 60), order("latest")) == []
    assert inner.asked == 1


def test_many_who_wait_are_all_told_of_the_trouble_at_once() -> None:
    inner = Counting(NotResolvedError(504, "slow"), pause=0.2)
    refused = at_once(Remembered(inner, 60), order("latest"))
    assert [error.text for error in refused] == ["slow"] * 16
    assert len(set(map(id, refused))) == 16
    assert inner.asked == 1


def test_targets_of_one_program_are_resolved_once_and_stay_what_they_are() -> None:
    inner = Counting()
    resolver = Remembered(inner, 60, clock=Clock())
    for goos in ("linux", "windows"):
        asked = msgspec.structs.replace(order("v1"), target=Target(goos, "amd64"), tags=(goos,))
        settled, pin = resolver.resolve(asked)
        assert (settled, pin.version) == (asked, "v0.0.1")
    assert inner.asked == 1


def test_another_package_or_go_version_is_another_question() -> None:
    inner = Counting()
    resolver = Remembered(inner, 60, clock=Clock())
    for changes in ({}, {"package": "./cmd"}, {"go": "1.25.1"}):
        resolver.resolve(msgspec.structs.replace(order("v1"), **changes))
    assert inner.asked == 3


def test_what_was_answered_longest_ago_is_forgotten_first() -> None:
    inner = Counting()
    resolver = Remembered(inner, 60, clock=Clock(), most=2)
    for ref in ("v1", "v2", "v3", "v3", "v2"):
        resolver.resolve(order(ref))
    assert inner.asked == 3
    resolver.resolve(order("v1"))
    assert inner.asked == 4
