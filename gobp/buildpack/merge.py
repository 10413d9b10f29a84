"""Joins what the components add to the image."""

from collections.abc import Iterable
from dataclasses import replace

from gobp.cnb.launch import Label, Launch, Process


def merge(launches: Iterable[Launch]) -> Launch:
    """Join processes and labels: a later process of a type, default or label wins."""
    processes: dict[str, Process] = {}
    labels: dict[str, Label] = {}
    for launch in launches:
        if any(process.default for process in launch.processes):
            processes = {name: replace(p, default=False) for name, p in processes.items()}
        processes |= {process.type: process for process in launch.processes}
        labels |= {label.key: label for label in launch.labels}
    return Launch(
        processes=tuple(processes[name] for name in sorted(processes)),
        labels=tuple(labels[key] for key in sorted(labels)),
    )
