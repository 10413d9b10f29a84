import threading

import pytest

from gobp.buildservice.rounds import Round, Rounds


def test_each_round_is_done_in_its_time_and_again() -> None:
    done = [threading.Event() for _ in range(3)]
    times = iter(done)

    def run() -> None:
        next(times, threading.Event()).set()

    rounds = Rounds([Round("often", 0.01, run), Round("seldom", 3600, pytest.fail)])
    rounds.start()

    assert all(each.wait(10) for each in done)
    rounds.stop(10)


def test_one_that_fails_is_said_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    again = threading.Event()
    calls: list[int] = []

    def run() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("the disk is full")
        again.set()

    rounds = Rounds([Round("care", 0.01, run)])
    rounds.start()

    assert again.wait(10)
    rounds.stop(10)
    assert "care failed" in caplog.text
    assert "the disk is full" in caplog.text


def test_it_ends_at_once_while_it_waits() -> None:
    rounds = Rounds([Round("seldom", 3600, pytest.fail)])
    rounds.start()

    rounds.stop(10)

    assert not [each for each in threading.enumerate() if each.name == "gobp-rounds"]
