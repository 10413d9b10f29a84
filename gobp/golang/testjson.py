"""What ``go test -json`` prints, one event a line, gathered into results.

Source: ``go doc test2json``, and ``go help buildjson`` for failures to compile (since Go 1.24).
Lines that are no events (older Go's compile errors, what go says of modules) are kept apart.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

_LINES_KEPT = 200  # of the output of one test or package; the end says why it failed
_FRAMING = ("=== RUN", "=== PAUSE", "=== CONT", "=== NAME")


class Outcome(Enum):
    """How a test or a package ended; a package without tests ends as skipped."""

    PASSED = "pass"
    FAILED = "fail"
    SKIPPED = "skip"


_OUTCOMES = {each.value: each for each in Outcome}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A test or subtest (``TestAdd/zero``); ``output`` only where it did not pass."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageResult:
    """A package; ``output`` is what no test of it wrote, only where it failed.

    ``cached`` says that go had the result of an earlier run; ``built`` is false where the package
    or its tests did not compile.
    """

    path: str
    outcome: Outcome
    seconds: float = 0.0
    tests: tuple[CaseResult, ...] = ()
    output: tuple[str, ...] = ()
    cached: bool = False
    built: bool = True

    def count(self, outcome: Outcome) -> int:
        """Return how many of its tests ended so."""
        return sum(test.outcome is outcome for test in self.tests)

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """The tests that failed, without those that failed only for a subtest of theirs."""
        failed = [test for test in self.tests if test.outcome is Outcome.FAILED]
        parents = {parent for test in failed for parent in _parents(test.name)}
        return tuple(test for test in failed if test.name not in parents)


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


@dataclass(slots=True)
class _Running:
    """What is known of a package whose end has not come."""

    tests: list[CaseResult] = field(default_factory=list)
    open: dict[str, list[str]] = field(default_factory=dict)  # output of tests that run
    output: list[str] = field(default_factory=list)
    cached: bool = False


class EventReader:
    """Gathers events line by line; results come in the order in which packages end."""

    def __init__(self) -> None:
        self.other_lines: list[str] = []
        self._running: dict[str, _Running] = {}
        self._compiler_said: dict[str, list[str]] = {}

    def feed(self, line: str) -> PackageResult | None:
        """Take one line; return the package that it ends, if it ends one."""
        event = _event(line)
        if event is None:
            _keep(self.other_lines, line)
            return None
        action = _text(event, "Action")
        if action == "build-output":
            said = self._compiler_said.setdefault(_text(event, "ImportPath"), [])
            _keep(said, _text(event, "Output").rstrip("\n"))
            return None
        package, test = _text(event, "Package"), _text(event, "Test")
        if not package:
            return None
        running = self._running.setdefault(package, _Running())
        if test:
            _of_test(running, test, action, event)
        elif action == "output":
            _of_package(running, _text(event, "Output").rstrip("\n"))
        elif action in _OUTCOMES:
            return self._ended(package, _OUTCOMES[action], event)
        return None

    def _ended(self, path: str, outcome: Outcome, event: Mapping[str, object]) -> PackageResult:
        running = self._running.pop(path)
        failed = outcome is Outcome.FAILED
        # A test that a panic, os.Exit or the timeout ends has no event of its own.
        cut = [
            CaseResult(name, Outcome.FAILED, 0.0, tuple(said))
            for name, said in running.open.items()
        ]
        said = self._compiler_said.get(_text(event, "FailedBuild"), [])
        built = not said and not any("[build failed]" in line for line in running.output)
        return PackageResult(
            path=path,
            outcome=outcome,
            seconds=_seconds(event),
            tests=(*running.tests, *(cut if failed else ())),
            output=(*said, *running.output) if failed else (),
            cached=running.cached,
            built=built,
        )


def _event(line: str) -> Mapping[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "Action" in event else None


def _of_test(running: _Running, test: str, action: str, event: Mapping[str, object]) -> None:
    if action == "output":
        line = _text(event, "Output").rstrip("\n")
        if not line.startswith(_FRAMING):
            _keep(running.open.setdefault(test, []), line)
    elif action in _OUTCOMES:
        outcome = _OUTCOMES[action]
        said = running.open.pop(test, [])
        output = () if outcome is Outcome.PASSED else tuple(said)
        running.tests.append(CaseResult(test, outcome, _seconds(event), output))
    elif action == "run":
        running.open.setdefault(test, [])


def _of_package(running: _Running, line: str) -> None:
    if line.startswith("ok  \t") and line.endswith("(cached)"):
        running.cached = True
    _keep(running.output, line)


def _keep(lines: list[str], line: str) -> None:
    lines.append(line)
    del lines[:-_LINES_KEPT]


def _text(event: Mapping[str, object], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _seconds(event: Mapping[str, object]) -> float:
    value = event.get("Elapsed")
    return float(value) if isinstance(value, int | float) else 0.0
