"""What a worker counts, and what all workers have counted, in Prometheus' text.

Each worker counts in plain numbers and writes them to a file of its own now and then; whoever is
asked for /metrics adds the files up (https://prometheus.io/docs/instrumenting/exposition_formats/).
"""

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gobp.modproxy.log.records import Record

_BOUNDS = (0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0)


class Times(msgspec.Struct):
    """How long things took: numbers by the bounds, the last for what took longer; their sum.

    ``size`` is the bytes that were sent in all.
    """

    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    total: float = 0.0
    size: int = 0

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.buckets[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds

    @property
    def count(self) -> int:
        """How many were counted."""
        return sum(self.buckets)


class Figures(msgspec.Struct):
    """What a worker has counted since it began; keys are words with spaces between them.

    ``requests`` by kind, status and origin; ``upstream`` by kind of file and outcome; ``now`` is
    what holds at this moment, by name.
    """

    requests: dict[str, Times] = {}
    upstream: dict[str, Times] = {}
    dropped_log_chunks: int = 0
    now: dict[str, float] = {}

    def count(self, records: Iterable[Record]) -> None:
        """Count requests that were answered."""
        known = self.requests
        for _, seconds, status, size, kind, origin, *_ in records:
            key = f"{kind} {status} {origin}"
            times = known.get(key)
            if times is None:
                times = known[key] = Times()
            times.add(seconds)
            times.size += size

    def count_upstream(self, kind: str, outcome: str, seconds: float) -> None:
        """Count something that was asked of a source: outcome found, missing or failed."""
        self.upstream.setdefault(f"{kind} {outcome}", Times()).add(seconds)


class FiguresFolder:
    """The files of all workers, in a folder that is emptied when the server starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"{os.getpid()}.json"

    def empty(self) -> None:
        """Forget what the workers of an earlier start have counted."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.iterdir():
            file.unlink()

    def write(self, figures: Figures) -> None:
        """Replace this worker's file. Raises OSError."""
        temporary = self._own.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(figures))
        temporary.replace(self._own)

    def read(self) -> list[tuple[Figures, bool]]:
        """Return the figures of all workers, and whether each still runs."""
        found = []
        for file in sorted(self._folder.glob("*.json")):
            try:
                figures = msgspec.json.decode(file.read_bytes(), type=Figures)
            except (OSError, msgspec.DecodeError):  # a worker of another release, or a full disk
                continue
            found.append((figures, Path("/proc", file.stem).is_dir()))
        return found


def metrics_text(workers: Iterable[tuple[Figures, bool]]) -> bytes:
    """Return the figures of all workers together; what holds now, of those that run."""
    registry = CollectorRegistry()
    registry.register(_Sums(list(workers)))
    return generate_latest(registry)


class _Sums(Collector):
    """Gives the sums to the library that knows how they are written."""

    def __init__(self, workers: list[tuple[Figures, bool]]) -> None:
        self._workers = workers
        self._all = [figures for figures, _ in workers]

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        requests = CounterMetricFamily(
            "gobp_modules_requests", "Requests answered.", labels=["kind", "status", "origin"]
        )
        sent = CounterMetricFamily(
            "gobp_modules_sent_bytes", "Bytes of answers' bodies.", labels=["kind", "origin"]
        )
        tables = [figures.requests for figures in self._all]
        for key, times in _grouped(tables, lambda key: key).items():
            requests.add_metric(key.split(), sum(each.count for each in times))
        for key, times in _grouped(tables, _kind_and_origin).items():
            sent.add_metric(key.split(), sum(each.size for each in times))
        yield requests
        yield sent
        yield _histogram(
            HistogramMetricFamily(
                "gobp_modules_request_seconds",
                "Time to answer requests.",
                labels=["kind", "origin"],
            ),
            _grouped(tables, _kind_and_origin),
        )
        yield _histogram(
            HistogramMetricFamily(
                "gobp_modules_upstream_seconds",
                "Time that sources took.",
                labels=["kind", "outcome"],
            ),
            _grouped([figures.upstream for figures in self._all], lambda key: key),
        )
        yield from self._single()

    def _single(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "gobp_modules_dropped_log_chunks",
            "Chunks of the request log that could not be written.",
            value=sum(figures.dropped_log_chunks for figures in self._all),
        )
        running = [figures.now for figures, runs in self._workers if runs]
        yield GaugeMetricFamily("gobp_modules_workers", "Workers that run.", value=len(running))
        for name, number in _added(running).items():
            yield GaugeMetricFamily(f"gobp_modules_{name}", f"{name} now.", value=number)


def _added(tables: Iterable[dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for table in tables:
        for key, number in table.items():
            total[key] = total.get(key, 0) + number
    return dict(sorted(total.items()))


def _kind_and_origin(key: str) -> str:
    kind, _, origin = key.split()
    return f"{kind} {origin}"


def _grouped(tables: list[dict[str, Times]], group: Callable[[str], str]) -> dict[str, list[Times]]:
    """Return all times of all workers by a part of their keys, sorted by it."""
    found: dict[str, list[Times]] = {}
    for table in tables:
        for key, times in table.items():
            found.setdefault(group(key), []).append(times)
    return dict(sorted(found.items()))


def _histogram(
    family: HistogramMetricFamily, groups: dict[str, list[Times]]
) -> HistogramMetricFamily:
    for key, times in groups.items():
        counts = [sum(column) for column in zip(*(each.buckets for each in times), strict=True)]
        edges = [*(str(bound) for bound in _BOUNDS), "+Inf"]
        family.add_metric(
            key.split(),
            buckets=list(zip(edges, accumulate(counts), strict=True)),
            sum_value=sum(each.total for each in times),
        )
    return family
