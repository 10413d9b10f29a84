"""Running gobp's own buildpack without another interpreter: by a fork of this process.

It is the same code, so a start of Python and the imports of its modules are all that is saved; the
phase still has an environment, a working directory, an output and an exit status of its own.
"""

import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from gobp.system.process import LINE_LIMIT, Captured, Commands

_FAILED = 1


class ForkedBuildpack:
    """Commands of which the programs of one buildpack, gobp's own, run in a fork."""

    def __init__(self, buildpack: Path, others: Commands) -> None:
        self._programs = {str(buildpack / "bin" / name): name for name in ("detect", "build")}
        self._others = others

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        """See Commands.run."""
        phase = self._programs.get(argv[0])
        # bin/build runs Python in its UTF-8 mode, whatever the user's locale.
        if phase is None or sys.getfilesystemencoding() != "utf-8":
            return self._others.run(argv, cwd=cwd, env=env, on_line=on_line)
        _import(phase)
        sys.stdout.flush()
        sys.stderr.flush()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _run_phase(phase, argv[1:], cwd, env, writing)
        os.close(writing)
        return _follow(child, reading, on_line)

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        """See Commands.capture."""
        return self._others.capture(argv, cwd=cwd, env=env)


def _import(phase: str) -> None:
    """Import a phase here, so that the fork of the next one has it already."""
    # Only a build that runs needs these.
    if phase == "detect":
        import gobp.buildpack.detect_phase  # noqa: PLC0415
    else:
        import gobp.buildpack.build_phase  # noqa: F401, PLC0415


def _follow(child: int, reading: int, on_line: Callable[[str], None]) -> int:
    """Hand on each line of a child and return its exit status, negative for a signal."""
    with os.fdopen(reading, encoding="utf-8", errors="replace") as output:
        try:
            while line := output.readline(LINE_LIMIT):
                on_line(line.rstrip("\n"))
        except BaseException:  # the build is stopped: what it started stops too
            os.kill(child, signal.SIGTERM)
            raise
        finally:
            _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _run_phase(
    phase: str, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], output: int
) -> NoReturn:
    """Run a phase in the child, as if it had been started anew."""
    status = _FAILED
    try:
        _settle(cwd, env, output)
        from gobp.buildpack.__main__ import main  # noqa: PLC0415 # see _import

        status = main(phase, list(arguments))
    except SystemExit as stopped:
        status = stopped.code if isinstance(stopped.code, int) else _FAILED
    except BaseException:  # noqa: BLE001 # whatever it is, it must not go on as the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _settle(cwd: Path, env: Mapping[str, str], output: int) -> None:
    """Take on the folder, the environment and the outputs that a new process would have."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, place)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    for descriptor in (nothing, output):
        os.close(descriptor)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None  # which was found by the parent's environment
