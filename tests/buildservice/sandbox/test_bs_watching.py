import threading
import time

import pytest

from gobp.buildservice.sandbox.sandbox import Ended
from gobp.buildservice.sandbox.watching import Check, Watch, deadline, stopped


class Process:
    """What was done to a command."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dead = threading.Event()

    def terminate(self) -> None:
        self.asked.append("terminate")

    def kill(self) -> None:
        self.asked.append("kill")
        self.dead.set()


def watch(process: Process, *checks: Check) -> Watch:
    return Watch(checks, terminate=process.terminate, kill=process.kill)


def test_the_first_limit_that_is_met_is_the_reason() -> None:
    process = Process()

    with watch(process, lambda: None, deadline(0), lambda: Ended.TOO_MUCH_DISK) as watched:
        assert process.dead.wait(5)
        watched.end(Ended.TOO_MUCH_OUTPUT)

    assert watched.ended is Ended.OUT_OF_TIME
    assert process.asked == ["kill"]


def test_who_does_not_want_it_any_more_asks_first() -> None:
    process, stop = Process(), threading.Event()
    stop.set()

    with watch(process, stopped(stop)) as watched:
        while not process.asked:
            time.sleep(0.01)

    assert watched.ended is Ended.STOPPED
    assert process.asked[0] == "terminate"


def test_a_command_that_ends_by_itself_is_left_alone() -> None:
    process = Process()

    with watch(process, lambda: None) as watched:
        time.sleep(0.25)

    assert watched.ended is None
    assert process.asked == []


def test_a_check_that_breaks_ends_the_command_and_is_told() -> None:
    process = Process()

    def broken() -> None:
        raise OSError("no such folder")

    with pytest.raises(OSError, match="no such folder"), watch(process, broken):
        assert process.dead.wait(5)
