"""Running gobp's own buildpack without another interpreter: by a fork of this process.

It is the same code, so a start of Python and the imports of its modules are all that is saved; the
phase still has an environment, a working directory, an output and an exit status of its own.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Self

from gobp.system.process import LINE_LIMIT, Captured, Commands

_FAILED = 1
_INTERRUPTED = 130


# What nearly every build imports, beside the phase itself.
_COMPONENTS = ("go_dist", "go_mod_vendor", "go_build", "sbom", "source_removal")


class ForkedBuildpack:
    """Commands of which the programs of one buildpack, gobp's own, run in a fork."""

    def __init__(self, buildpack: Path, others: Commands) -> None:
        self._programs = {str(buildpack / "bin" / name): name for name in ("detect", "build")}
        self._others = others
        self._ready: _Fork | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End a fork that no build has needed."""
        if self._ready is not None:
            self._ready.end()

    def get_ready(self) -> None:
        """Fork for a build that is to come, which imports what it needs in the meantime."""
        self._ready = _Fork("build")

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
        fork = self._ready if phase == "build" else None
        if fork is None:
            fork = _Fork(phase)
        else:
            self._ready = None
        return fork.run([*argv[1:]], str(cwd), env, on_line)

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        """See Commands.capture."""
        return self._others.capture(argv, cwd=cwd, env=env)


class _Fork:
    """A child for one phase; it ends without a word if it is not told to run."""

    def __init__(self, phase: str) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        told, self._telling = os.pipe()
        self._reading, output = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._telling)
            os.close(self._reading)
            _run_phase(phase, told, output)
        os.close(told)
        os.close(output)

    def end(self) -> None:
        """End it at once: it has done nothing yet, and would keep this process's output open."""
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._telling)
        os.close(self._reading)

    def run(
        self,
        arguments: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        """Let it run, hand on each line of it, return its exit status, negative for a signal."""
        with os.fdopen(self._telling, "w", encoding="ascii") as telling:
            json.dump([arguments, cwd, dict(env)], telling)
        return _follow(self._child, self._reading, on_line)


def _follow(child: int, reading: int, on_line: Callable[[str], None]) -> int:
    """Hand on each line of a child and return its exit status."""
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


def _run_phase(phase: str, told: int, output: int) -> NoReturn:
    """Run a phase in the child, as if it had been started anew, once it is told how."""
    status = _FAILED
    try:
        _import(phase)
        with os.fdopen(told, encoding="ascii") as telling:
            words = telling.read()
        if not words:  # the parent ended before
            os._exit(0)
        arguments, cwd, env = json.loads(words)
        _settle(cwd, env, output)
        from gobp.buildpack.__main__ import main  # noqa: PLC0415 # only the child needs it

        status = main(phase, arguments)
    except SystemExit as stopped:
        status = stopped.code if isinstance(stopped.code, int) else _FAILED
    except KeyboardInterrupt:  # before the phase, which knows what to say
        status = _INTERRUPTED
    except BaseException:  # noqa: BLE001 # whatever it is, it must not go on as the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _import(phase: str) -> None:
    """Import what a phase needs, which takes longer than to be told."""
    import_module(f"gobp.buildpack.{phase}_phase")
    if phase == "build":
        for name in _COMPONENTS:
            import_module(f"gobp.buildpack.{name}.build")


def _settle(cwd: str, env: Mapping[str, str], output: int) -> None:
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
