"""Parts that stand in for real ones in tests of the engines: a runner that sleeps, short logs."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from gobp.buildservice.builds.build import Build, Ending, State
from gobp.buildservice.engine.engine import Stopping
from gobp.buildservice.logs.log import BuildLog, Line
from tests.buildservice.state.build_requests import SUCCESS


class MemoryLogs:
    """Keeps the logs of a test in memory."""

    def __init__(self) -> None:
        self.said: dict[str, list[str]] = {}
        self.closed: Counter[str] = Counter()

    def writer(self, build_id: str, attempt: int, /) -> BuildLog:
        return _MemoryLog(self, build_id)

    def lines(self, build_id: str, /, *, after: int = 0, limit: int = 1000) -> list[Line]:
        said = self.said.get(build_id, [])
        lines = [Line(number, 0.0, "info", text) for number, text in enumerate(said, 1)]
        return lines[after:][:limit]

    def keep(self, build_id: str, /) -> None:
        pass

    def remove(self, build_id: str, /) -> None:
        self.said.pop(build_id, None)


class _MemoryLog:
    def __init__(self, logs: MemoryLogs, build_id: str) -> None:
        self._logs = logs
        self._build_id = build_id

    def say(self, text: str, level: str = "info", /) -> None:
        self._logs.said.setdefault(self._build_id, []).append(text)

    def close(self) -> None:
        self._logs.closed[self._build_id] += 1


Doing = Callable[[Build, Stopping], Ending]


class StubRunner:
    """Does with a build what a test says; builds sleep, until they are to stop, by default."""

    def __init__(self, doing: Doing | None = None, *, seconds: float = 0.0) -> None:
        self._doing = doing or self._sleep
        self._seconds = seconds
        self._lock = threading.Lock()
        self.began: list[str] = []
        self.most_at_once = 0
        self._now = 0
        self.told: list[Build] = []

    def run(self, build: Build, log: BuildLog, stop: Stopping, /) -> Ending:
        with self._lock:
            self.began.append(build.key)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        log.say(f"attempt {build.attempt}")
        try:
            return self._doing(build, stop)
        finally:
            with self._lock:
                self._now -= 1

    def ended(self, build: Build, /) -> None:
        self.told.append(build)

    def _sleep(self, build: Build, stop: Stopping) -> Ending:
        if stop.wait(self._seconds):
            return Ending(state=State.FAILED, message="signal: killed")
        return SUCCESS


def wait_until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until a condition is true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
