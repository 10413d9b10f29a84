import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gobp.cli.forked import ForkedBuildpack
from gobp.cli.own_buildpack import own_buildpack
from gobp.system.process import SystemCommands

TARGET = {"CNB_TARGET_OS": "linux", "CNB_TARGET_ARCH": "amd64"}


def _detect(commands: ForkedBuildpack | SystemCommands, root: Path, app: Path) -> tuple[int, str]:
    """Run bin/detect on an app; return its status, its output and its plan."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "platform" / "env").mkdir(parents=True)
    (root / "plan.toml").touch()
    buildpack, plan = own_buildpack(), root / "plan.toml"
    env = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "CNB_BUILDPACK_DIR": str(buildpack),
        "CNB_PLATFORM_DIR": str(root / "platform"),
        "CNB_BUILD_PLAN_PATH": str(plan),
        **TARGET,
    }
    lines: list[str] = []
    argv = [str(buildpack / "bin" / "detect"), str(root / "platform"), str(plan)]
    status = commands.run(argv, cwd=app, env=env, on_line=lines.append)
    return status, "\n".join([*lines, plan.read_text()])


@pytest.fixture
def commands() -> ForkedBuildpack:
    return ForkedBuildpack(own_buildpack(), SystemCommands())


@pytest.mark.parametrize("files", [{"go.mod": "module example.com/m\n\ngo 1.25\n"}, {}])
def test_a_fork_answers_as_the_program_does(
    files: Mapping[str, str], commands: ForkedBuildpack, tmp_path: Path
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for name, text in {**files, "main.go": "package main\n\nfunc main() {}\n"}.items():
        (app / name).write_text(text)

    forked = _detect(commands, tmp_path / "room", app)

    assert forked == _detect(SystemCommands(), tmp_path / "room", app)


def test_a_fork_leaves_this_process_as_it_was(commands: ForkedBuildpack, tmp_path: Path) -> None:
    before, where, out = dict(os.environ), Path.cwd(), sys.stdout
    (tmp_path / "app").mkdir()

    _detect(commands, tmp_path / "room", tmp_path / "app")

    assert (dict(os.environ), Path.cwd(), sys.stdout) == (before, where, out)


def test_a_phase_that_breaks_is_a_failure_with_its_traceback(
    commands: ForkedBuildpack, tmp_path: Path
) -> None:
    lines: list[str] = []

    status = commands.run(
        [str(own_buildpack() / "bin" / "detect")],
        cwd=tmp_path / "nowhere",
        env={},
        on_line=lines.append,
    )

    assert status == 1
    assert lines[0].startswith("Traceback")


def test_a_fork_that_got_ready_answers_for_one_build_only(
    commands: ForkedBuildpack, tmp_path: Path
) -> None:
    commands.get_ready()
    said: list[list[str]] = [[], []]

    for lines in said:
        commands.run(
            [str(own_buildpack() / "bin" / "build")], cwd=tmp_path, env={}, on_line=lines.append
        )

    assert said[0] == said[1]
    assert any("ERROR" in line for line in said[0])


def test_a_fork_that_is_never_told_to_run_ends_with_its_parent() -> None:
    script = (
        "import os; from pathlib import Path; from gobp.cli.forked import ForkedBuildpack\n"
        "from gobp.system.process import SystemCommands\n"
        "commands = ForkedBuildpack(Path('/bp'), SystemCommands()); commands.get_ready()\n"
        "print('ready', flush=True)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )

    assert (done.stdout, done.stderr) == ("ready\n", "")


def test_a_fork_that_no_build_needed_is_gone_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    children = []
    fork = os.fork

    def remembered() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr("gobp.cli.forked.os.fork", remembered)

    with ForkedBuildpack(own_buildpack(), SystemCommands()) as commands:
        commands.get_ready()

    with pytest.raises(ProcessLookupError):
        os.kill(children[0], 0)


def test_programs_of_others_are_started(commands: ForkedBuildpack, tmp_path: Path) -> None:
    lines: list[str] = []

    argv: Sequence[str] = ("/bin/sh", "-c", "echo $NAME; pwd; exit 3")
    status = commands.run(argv, cwd=tmp_path, env={"NAME": "x"}, on_line=lines.append)

    assert (status, lines) == (3, ["x", str(tmp_path)])
    assert commands.capture(["/bin/echo", "x"], cwd=tmp_path, env={}).stdout == "x\n"


STOPPED = """
import os, signal, sys
from pathlib import Path
from gobp.cli import forked
from gobp.system.process import SystemCommands

def sleep(*_):
    print("pid", os.getpid(), flush=True)
    signal.pause()

import gobp.buildpack.__main__ as phases
phases.main = sleep
commands = forked.ForkedBuildpack(Path("/bp"), SystemCommands())
say = lambda line: print(line, flush=True)
print(commands.run(["/bp/bin/detect"], cwd=Path("/"), env={}, on_line=say))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_phase_that_a_signal_ends_says_which(name: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        os.kill(child, signal.Signals[name])
        said = process.stdout.read()

    assert said == f"-{signal.Signals[name].value}\n"


def test_an_interrupted_build_stops_its_phase() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        process.send_signal(signal.SIGINT)
        process.wait(10)

    for _ in range(100):
        if not Path(f"/proc/{child}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
