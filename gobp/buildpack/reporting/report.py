"""What a build decided, ran and made, for programs to read (docs/build-report.md has the fields).

The report lies beside the layers and is no part of the image, so it may hold times. It holds no
values of variables; all of its text passes the mask of the build log.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gobp.buildpack.layers import Layers
from gobp.buildpack.reporting.machine_errors import as_user_error
from gobp.cnb.exit_status import ERROR, PASS
from gobp.system.process import Captured, Commands

VERSION = 1  # of the fields; additions do not change it
_INTERNAL = "internal"
_STOPPED = "stopped"
_USER = "user"
_COUNTERS = (
    "commands",
    "goCommands",
    "filesUnpacked",
    "bytesUnpacked",
    "filesPacked",
    "bytesPacked",
    "bytesHashed",
    "modulesFetched",
)
_UNKNOWN: Mapping[str, object] = {
    "buildpack": None,
    "target": None,
    "go": None,
    "modules": None,
    "layers": [],
    "programs": [],
    "processes": [],
    "warnings": [],
    "error": None,
}


@dataclass(slots=True)
class _Step:
    """A component or a command: when it began, how it ended, how long it took."""

    name: str
    component: str
    began: float
    status: str | int | None = None
    seconds: float = 0.0

    def milliseconds(self) -> int:
        return round(self.seconds * 1000)


@dataclass(slots=True)
class Recorder:
    """Collects the facts of one build as they come about.

    ``layers`` are the build's, once their folder is known. ``clock`` counts seconds. ``facts`` are
    the fields that are known as a whole, in their order.
    """

    clock: Callable[[], float] = time.monotonic
    facts: dict[str, object] = field(default_factory=lambda: dict(_UNKNOWN))
    exit_status: int = PASS
    layers: Layers | None = None
    counters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    _components: list[_Step] = field(default_factory=list)
    _commands: list[_Step] = field(default_factory=list)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def note(self, name: str, value: object) -> None:
        """Set a field of the report, such as ``go`` or ``programs``, to a value of JSON."""
        self.facts[name] = value

    def count(self, **amounts: int) -> None:
        """Add to counters, such as ``filesUnpacked``: what a build costs, whatever the machine."""
        for name, amount in amounts.items():
            self.counters[name] += amount

    @contextmanager
    def component(self, name: str) -> Iterator[None]:
        """Time a component, and keep whether it completed."""
        step = _Step(name, name, self.clock())
        self._components.append(step)
        with self._timed(step):
            yield
            step.status = "completed"

    @contextmanager
    def command(self, argv: Sequence[str]) -> Iterator[Callable[[int], None]]:
        """Time a command of the component that runs; what is yielded takes its exit status."""
        component = self._components[-1].name if self._components else ""
        step = _Step(" ".join(argv), component, self.clock())
        self._commands.append(step)
        self.count(commands=1, goCommands=int(argv[0] == "go"))

        def ended(status: int) -> None:
            step.status = status

        with self._timed(step):
            yield ended

    @contextmanager
    def _timed(self, step: _Step) -> Iterator[None]:
        try:
            yield
        finally:
            step.seconds = self.clock() - step.began

    def failed(self, error: BaseException) -> None:
        """Keep why the build ended early. An error that is no user's shows only its class."""
        self.exit_status = ERROR
        known = as_user_error(error)
        if known is not None:
            self.facts["error"] = _error(
                known.summary, code=known.code or _USER, detail=known.detail, remedy=known.remedy
            )
        elif isinstance(error, SystemExit) and isinstance(error.code, int):
            self.exit_status = error.code
            self.facts["error"] = _error("the build was stopped by a signal", code=_STOPPED)
        else:
            self.facts["error"] = _error(f"a bug of gobp's: {type(error).__name__}", code=_INTERNAL)

    def document(self) -> dict[str, object]:
        """Return the report of the build, which ends now, as JSON."""
        seconds = self.clock() - self._began
        return {
            "version": VERSION,
            "exitStatus": self.exit_status,
            "durationMs": round(seconds * 1000),
            "commandsMs": sum(step.milliseconds() for step in self._commands),
            **self.facts,
            "counters": dict(self.counters),
            "components": [self._component_facts(step) for step in self._components],
            "commands": [
                {
                    "component": step.component,
                    "command": step.name,
                    "exitStatus": step.status,
                    "durationMs": step.milliseconds(),
                }
                for step in self._commands
            ],
        }

    def _component_facts(self, step: _Step) -> dict[str, object]:
        own = (each for each in self._commands if each.component == step.name)
        return {
            "name": step.name,
            "status": step.status or "failed",
            "durationMs": step.milliseconds(),
            "commandsMs": sum(each.milliseconds() for each in own),
        }


def _error(summary: str, *, code: str, detail: str = "", remedy: str = "") -> dict[str, object]:
    return {"code": code, "summary": summary, "detail": detail, "remedy": remedy}


class RecordedCommands:
    """Commands that run as they are, each of which the report then names."""

    def __init__(self, commands: Commands, recorder: Recorder) -> None:
        self._commands = commands
        self._recorder = recorder

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        """See Commands.run."""
        with self._recorder.command(argv) as ended:
            status = self._commands.run(argv, cwd=cwd, env=env, on_line=on_line)
            ended(status)
        return status

    def capture(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Captured:
        """See Commands.capture."""
        with self._recorder.command(argv) as ended:
            done = self._commands.capture(argv, cwd=cwd, env=env)
            ended(done.status)
        return done
