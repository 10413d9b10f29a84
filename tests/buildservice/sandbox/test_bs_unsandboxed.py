"""Commands without a sandbox, and how commands end whatever they run in."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.modules import ModuleProxy, proxy_settings
from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Result, SandboxError
from gobp.buildservice.sandbox.unsandboxed import Unsandboxed
from gobp.buildservice.settings.schema import Sources

pytestmark = pytest.mark.slow  # real tools and servers

MIB = 1024 * 1024
LIMITS = Limits(
    memory=256 * MIB, processes=200, disk=8 * MIB, file=4 * MIB, output=10_000, seconds=20
)


class Place:
    """A sandbox that is none, and a folder that its commands call /work."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        sources = Sources(proxies="off", sums="off")
        proxy = ModuleProxy(proxy_settings(sources, folder / "modules", lambda _: ""))
        self.sandbox = Unsandboxed(None, proxy)
        self.said: list[str] = []
        self.stop = threading.Event()

    def run(
        self,
        *argv: str,
        seconds: float = 20,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Result:
        variables = {"PATH": "/usr/bin:/bin", **(env or {})}
        command = Command(argv, "/work", variables, writable={self.work: "/work"})
        limits = Limits(
            memory=LIMITS.memory,
            processes=LIMITS.processes,
            disk=LIMITS.disk,
            file=LIMITS.file,
            output=LIMITS.output,
            seconds=seconds,
        )
        return self.sandbox.run(command, limits, on_line or self.said.append, self.stop)

    def sh(self, script: str, seconds: float = 20) -> Result:
        return self.run("sh", "-c", script, seconds=seconds)


def is_alive(pid: str) -> bool:
    try:
        state = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # dead, but nobody asked for its status yet


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_command_prints_lines_and_has_a_status(place: Place) -> None:
    assert place.sh("echo one; echo two >&2; exit 3") == Result(Ended.EXITED, 3)
    assert place.said == ["one", "two"]


def test_a_signal_is_a_status(place: Place) -> None:
    assert place.sh("kill -TERM $$") == Result(Ended.EXITED, 143)


def test_paths_of_the_commands_world_are_those_of_this_machine(place: Place) -> None:
    place.run(
        "sh", "-c", 'pwd; echo "$A $B $0 $1"', "/work/x", "-o=/workers", env={"A": "/work:/x"}
    )

    work = str(place.work)
    assert place.said == [work, f"{work}:/x  {work}/x -o=/workers"]


def test_a_command_that_is_not_there_has_the_shells_status(place: Place) -> None:
    assert place.run("no-such-command").status == 127


def test_a_nul_is_no_part_of_a_command(place: Place) -> None:
    with pytest.raises(SandboxError, match="cannot be started"):
        place.run("echo", "a\0b")


def test_nothing_to_read_is_there(place: Place) -> None:
    assert place.run("cat") == Result(Ended.EXITED, 0)


def test_no_file_descriptor_is_handed_on(place: Place) -> None:
    place.sh("ls /proc/self/fd | wc -l")

    assert place.said == ["4"]  # 0, 1, 2, and the folder that ls reads


def test_time_is_up(place: Place) -> None:
    began = time.monotonic()

    assert place.sh("sleep 60", seconds=0.5).ended is Ended.OUT_OF_TIME
    assert time.monotonic() - began < 10


def test_too_much_output_ends_it(place: Place) -> None:
    assert place.run("yes").ended is Ended.TOO_MUCH_OUTPUT
    assert len("\n".join(place.said)) <= LIMITS.output


def test_output_may_have_no_line_end_and_any_bytes(place: Place) -> None:
    place.sh("head -c 5000 /dev/zero; printf '\\377'")

    (line,) = place.said
    assert line == "\N{REPLACEMENT CHARACTER}" * 5001


def test_too_much_disk_ends_it(place: Place) -> None:
    result = place.sh("for i in 1 2 3 4; do head -c 3M /dev/zero > $i; done; sleep 60")

    assert result.ended is Ended.TOO_MUCH_DISK


def test_a_file_may_only_be_so_large(place: Place) -> None:
    place.sh("head -c 6M /dev/zero > file")

    assert (place.work / "file").stat().st_size == LIMITS.file


def test_what_a_command_leaves_running_is_ended(place: Place) -> None:
    result = place.sh("sleep 60 & echo $!")

    assert result == Result(Ended.EXITED, 0)
    assert not is_alive(place.said[0])


def test_who_stops_it_lets_it_clean_up(place: Place) -> None:
    threading.Timer(0.5, place.stop.set).start()

    result = place.sh("trap 'echo cleaned; exit 7' TERM; sleep 60 & wait")

    assert result == Result(Ended.STOPPED, 7)
    assert place.said == ["cleaned"]


def test_who_cannot_take_a_line_ends_the_command(place: Place) -> None:
    def lost(_: str) -> None:
        raise RuntimeError("the build is somebody else's")

    with pytest.raises(RuntimeError, match="somebody else's"):
        place.run("sh", "-c", "echo $$ > pid; echo line; sleep 60", on_line=lost)

    assert not is_alive((place.work / "pid").read_text().strip())
