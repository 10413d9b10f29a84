"""A program that is asked to stop closes what it opened, and its commands stop too."""

import os
import signal
import time
from pathlib import Path

import pytest

from gobp.system.process import SystemCommands
from gobp.system.stop import stoppable


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_block_as_an_exit_with_its_status(number: signal.Signals) -> None:
    closed: list[str] = []
    before = signal.getsignal(number)

    def program() -> None:
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), number)  # impatient
            closed.append("all")

    with pytest.raises(SystemExit) as stopped, stoppable():
        program()

    assert stopped.value.code == 128 + number
    assert closed == ["all"]
    assert signal.getsignal(number) is before


def test_a_command_that_runs_is_stopped_as_well(tmp_path: Path) -> None:
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        os.kill(os.getpid(), signal.SIGTERM)

    began = time.monotonic()
    with pytest.raises(SystemExit), stoppable():
        SystemCommands().run(
            ("sh", "-c", "echo started; exec sleep 60"),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            on_line=stop,
        )

    assert lines == ["started"]
    assert time.monotonic() - began < 30
