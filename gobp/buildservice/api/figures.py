"""What requests were answered, by all processes of a server, and how many builds there are.

Each process writes its own numbers to a file every second; whoever is asked for /metrics adds them
up (https://prometheus.io/docs/instrumenting/exposition_formats/).
"""

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from threading import Event, Lock, Thread

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gobp.buildservice.builds.build import State
from gobp.system.files import remove_tree

_BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)
_EDGES = [*(str(bound) for bound in _BOUNDS), "+Inf"]
_WRITTEN_EVERY = 1.0  # seconds


class Times(msgspec.Struct):
    """How long answers took: numbers by the bounds, the last for longer ones; and their sum."""

    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    total: float = 0.0

    def add(self, other: "Times") -> None:
        """Add what was counted elsewhere."""
        self.buckets = [mine + its for mine, its in zip(self.buckets, other.buckets, strict=True)]
        self.total += other.total


class Counted(msgspec.Struct):
    """What a process has counted: times by ``METHOD ROUTE STATUS``; builds that run in it now."""

    requests: dict[str, Times] = {}
    running: int = 0


class Figures:
    """The numbers of this process, in a folder that all processes of the server have."""

    def __init__(self, root: Path) -> None:
        """Forget what servers that are gone have counted below ``root``."""
        for other in root.glob("*"):
            if not Path("/proc", other.name).is_dir():
                remove_tree(other)
        self._folder = root / str(os.getppid())
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = self._folder / f"{os.getpid()}.json"
        self._counted = Counted()
        self._changed = Event()
        self._lock = Lock()
        Thread(target=self._work, name="gobp-figures", daemon=True).start()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        with self._lock:
            times = self._counted.requests.setdefault(f"{method} {route} {status}", Times())
            times.buckets[bisect_left(_BOUNDS, seconds)] += 1
            times.total += seconds
        self._changed.set()

    def text(self, builds: Mapping[State, int], running: int) -> bytes:
        """Return the numbers of all processes, and how many builds are in which state."""
        with self._lock:
            self._counted.running = running
        self._write()
        registry = CollectorRegistry()
        registry.register(_Sums(list(self._all()), builds))
        return generate_latest(registry)

    def _work(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            self._write()
            Event().wait(_WRITTEN_EVERY)

    def _write(self) -> None:
        """Replace the file of this process; a full disk is no reason to stop."""
        with self._lock:
            try:
                temporary = self._file.with_suffix(".new")
                temporary.write_bytes(msgspec.json.encode(self._counted))
                temporary.replace(self._file)
            except OSError:
                return

    def _all(self) -> Iterator[tuple[Counted, bool]]:
        """Yield the numbers of each process, and whether it still runs."""
        for file in sorted(self._folder.glob("*.json")):
            try:
                counted = msgspec.json.decode(file.read_bytes(), type=Counted)
            except (OSError, msgspec.DecodeError):  # of another release
                continue
            yield counted, Path("/proc", file.stem).is_dir()


class _Sums(Collector):
    """Gives the sums to the library that knows how they are written."""

    def __init__(
        self, processes: Iterable[tuple[Counted, bool]], builds: Mapping[State, int]
    ) -> None:
        self._processes = list(processes)
        self._builds = builds

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        requests = CounterMetricFamily(
            "gobp_builds_requests", "Requests answered.", labels=["method", "route", "status"]
        )
        times = HistogramMetricFamily(
            "gobp_builds_request_seconds", "Time to answer.", labels=["method", "route"]
        )
        by_route: dict[str, Times] = {}
        for key, each in sorted(self._requests().items()):
            requests.add_metric(key.split(" "), sum(each.buckets))
            by_route.setdefault(key.rpartition(" ")[0], Times()).add(each)
        for key, each in by_route.items():
            counts = list(accumulate(each.buckets))
            buckets = list(zip(_EDGES, map(float, counts), strict=True))
            times.add_metric(key.split(" "), buckets=buckets, sum_value=each.total)
        yield requests
        yield times
        yield from self._now()

    def _requests(self) -> dict[str, Times]:
        sums: dict[str, Times] = {}
        for counted, _ in self._processes:
            for key, times in counted.requests.items():
                sums.setdefault(key, Times()).add(times)
        return sums

    def _now(self) -> Iterator[Metric]:
        builds = GaugeMetricFamily("gobp_builds", "Builds that are kept.", labels=["state"])
        for state in State:
            builds.add_metric([state], self._builds.get(state, 0))
        yield builds
        runs = [counted for counted, runs in self._processes if runs]
        running = sum(counted.running for counted in runs)
        yield GaugeMetricFamily("gobp_builds_processes", "Processes that serve.", value=len(runs))
        yield GaugeMetricFamily(
            "gobp_builds_running_here", "Builds that run in these processes.", value=running
        )
