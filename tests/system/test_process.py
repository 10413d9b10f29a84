"""The contract of running commands: the real ones and the scripted ones of other tests."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.system.process import Captured, Commands, SystemCommands
from tests.fakes.scripted_commands import ScriptedCommands


def real(tmp_path: Path) -> tuple[Commands, dict[str, str]]:
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho hello\necho trouble >&2\nexit 3\n")
    program.chmod(0o755)
    return SystemCommands(), {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def scripted(_: Path) -> tuple[Commands, dict[str, str]]:
    return ScriptedCommands({("greet",): Captured(3, "hello\n", "trouble\n")}), {"PATH": "/bin"}


Make = Callable[[Path], tuple[Commands, dict[str, str]]]
contract = pytest.mark.parametrize("make", [real, scripted])


@contract
def test_a_command_is_captured_with_status_and_both_outputs(make: Make, tmp_path: Path) -> None:
    commands, env = make(tmp_path)

    assert commands.capture(["greet"], cwd=tmp_path, env=env) == Captured(3, "hello\n", "trouble\n")


@contract
def test_a_command_hands_over_its_lines_and_returns_its_status(make: Make, tmp_path: Path) -> None:
    commands, env = make(tmp_path)
    lines: list[str] = []

    assert commands.run(["greet"], cwd=tmp_path, env=env, on_line=lines.append) == 3
    assert lines == ["hello", "trouble"]


@contract
def test_a_command_that_is_not_there_is_told_apart(make: Make, tmp_path: Path) -> None:
    commands, env = make(tmp_path)

    assert commands.capture(["gone"], cwd=tmp_path, env=env).status == 127
    with pytest.raises(UserError, match="the command 'gone' was not found"):
        commands.run(["gone"], cwd=tmp_path, env=env, on_line=print)


def python(script: str, tmp_path: Path, env: dict[str, str] | None = None) -> list[str]:
    lines: list[str] = []
    argv = [sys.executable, "-c", script]
    SystemCommands().run(argv, cwd=tmp_path, env=env or {}, on_line=lines.append)
    return lines


def test_a_command_gets_the_environment_given_and_nothing_else(tmp_path: Path) -> None:
    lines = python("import os; print(sorted(os.environ))", tmp_path, {"A": "1", "LC_ALL": "C"})

    assert lines == ["['A', 'LC_ALL']"]


def test_a_command_is_looked_up_on_the_path_it_is_given(tmp_path: Path) -> None:
    commands, _ = real(tmp_path)

    assert commands.capture(["greet"], cwd=tmp_path, env={"PATH": "/bin"}).status == 127


def test_a_folder_of_the_path_that_cannot_be_searched_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "go").write_text("not a program")  # EACCES, as a folder of root's gives to others

    env = {"PATH": str(tmp_path)}

    assert SystemCommands().capture(["go"], cwd=tmp_path, env=env).status == 127
    with pytest.raises(UserError, match="was not found"):
        SystemCommands().run(["go"], cwd=tmp_path, env=env, on_line=print)


def test_lines_come_while_the_command_still_runs(tmp_path: Path) -> None:
    script = "import time; print('now', flush=True); time.sleep(0.5); print('later')"
    times: dict[str, float] = {}

    def on_line(line: str) -> None:
        times[line] = time.monotonic()

    SystemCommands().run([sys.executable, "-c", script], cwd=tmp_path, env={}, on_line=on_line)

    assert times["later"] - times["now"] > 0.3


def test_output_that_is_not_utf_8_and_a_last_line_without_an_end_are_read(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.buffer.write(b'a\\xff\\n\\nlast')"

    assert python(script, tmp_path) == ["a\ufffd", "", "last"]


def test_a_command_has_no_input_to_wait_for(tmp_path: Path) -> None:
    assert python("import sys; print(repr(sys.stdin.read()))", tmp_path) == ["''"]


def test_a_line_without_end_is_handed_over_in_parts(tmp_path: Path) -> None:
    lines = python("print('x' * 200_000)", tmp_path)

    assert "".join(lines) == "x" * 200_000
    assert max(map(len, lines)) <= 64 * 1024
