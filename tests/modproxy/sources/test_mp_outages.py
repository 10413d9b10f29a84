"""Hosts that are down."""

import pytest

from gobp.modproxy.sources.outages import PAUSE, Outages
from gobp.modproxy.sources.source import UnavailableError

HOST = "a.example.com"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_host_is_asked_until_it_is_known_to_be_down() -> None:
    Outages().check(HOST)


def test_a_host_that_is_down_is_left_alone_for_a_while() -> None:
    outages = Outages()
    outages.failed(HOST, UnavailableError("no route", status=504))

    with pytest.raises(UnavailableError, match="no route") as caught:
        outages.check(HOST)

    assert caught.value.status == 504
    outages.check("b.example.com")


def test_one_request_finds_out_whether_it_is_up_again() -> None:
    clock = Clock()
    outages = Outages(clock)
    outages.failed(HOST, UnavailableError("no route"))
    clock.now += PAUSE

    outages.check(HOST)

    assert outages.is_down(HOST)
    with pytest.raises(UnavailableError):
        outages.check(HOST)


def test_a_host_that_answers_is_up() -> None:
    outages = Outages()
    outages.failed(HOST, UnavailableError("no route"))

    outages.answered(HOST)

    outages.check(HOST)
    assert not outages.is_down(HOST)


def test_what_is_remembered_is_bounded() -> None:
    outages = Outages()
    for number in range(3000):
        outages.failed(f"host{number}.example.com", UnavailableError("down"))

    assert len(outages._down) <= 1000
