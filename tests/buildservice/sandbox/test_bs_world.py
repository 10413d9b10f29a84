import subprocess
from pathlib import Path

from gobp.buildservice.sandbox.rlimits import limited
from gobp.buildservice.sandbox.sandbox import Limits
from gobp.buildservice.sandbox.world import HOME, Mount, arguments, etc_mounts, write_etc

LIMITS = Limits(memory=4096, processes=7, disk=1, file=1024, output=1, seconds=1)


def test_mounts_around_others_come_first() -> None:
    mounts = [Mount("/a", "/work/in", writable=True), Mount("/b", "/work")]

    words = arguments(mounts, {}, "/work", 10)

    assert words.index("/b") < words.index("/a")
    assert words[words.index("/a") - 1] == "--bind"
    assert words[words.index("/b") - 1] == "--ro-bind"


def test_what_is_mounted_over_is_no_scratch_folder() -> None:
    assert HOME in arguments([], {}, "/", 10)
    assert arguments([Mount("/a", HOME, writable=True)], {}, "/", 10).count(HOME) == 1


def test_the_root_is_made_read_only_after_all_mounts() -> None:
    words = arguments([Mount("/a", "/work")], {"A": "b"}, "/work", 10)

    last = [at for at, word in enumerate(words) if word == "--remount-ro"][-1]
    assert words[last + 1] == "/"
    assert last > words.index("/a")


def test_the_environment_is_all_that_is_given() -> None:
    words = arguments([], {"B": "2", "A": "1"}, "/", 10)

    assert "--clearenv" in words
    assert words[-6:] == ["--setenv", "A", "1", "--setenv", "B", "2"]


def test_the_files_of_etc_name_nobody_of_this_machine(tmp_path: Path) -> None:
    write_etc(tmp_path)

    sources = [Path(mount.source) for mount in etc_mounts(tmp_path)]

    assert "build:x:1000" in (tmp_path / "passwd").read_text()
    assert all(source.is_file() for source in sources)


def begun(told: bytes) -> "subprocess.CompletedProcess[bytes]":
    argv = limited(["echo", "begun"], LIMITS, grouped=True)
    return subprocess.run(argv, input=told, capture_output=True, timeout=20, check=False)


def test_a_command_begins_when_it_is_told_to() -> None:
    assert begun(b"\n").stdout == b"begun\n"


def test_a_command_does_not_begin_when_nobody_is_there_any_more() -> None:
    done = begun(b"")

    assert (done.returncode, done.stdout) == (125, b"")


def test_limits_of_memory_and_processes_are_the_groups_where_there_is_one() -> None:
    script = limited(["true"], LIMITS, grouped=True)[2]

    assert "ulimit -f 2 " in script
    assert "-d" not in script
    assert "-p" not in script


def test_without_a_group_processes_of_the_user_count_too() -> None:
    script = limited(["true"], LIMITS, grouped=False, others=100)[2]

    assert "ulimit -p 107" in script
    assert "ulimit -d 8" in script
